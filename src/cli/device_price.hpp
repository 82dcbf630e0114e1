#pragma once
// A device and its price as the command line names them: what `price` and `plan` share.

#include <optional>
#include <string>
#include <vector>

#include "config/prices.hpp"
#include "plan/manifest.hpp"

namespace repro::cli {

// "rtx-4090=0.40": the device, and dollars an hour where given.
struct DeviceAtPrice {
  std::string device;
  std::optional<double> price;
};
// Error for a price that is no number above 0, or beyond reason.
DeviceAtPrice parse_device(const std::string& text);

// Puts each "PROFILE=PRICE" in the place of the snapshot's offers for that profile. Error where it
// gives no price, or a price of a device that the experiment does not run on.
void give_prices(const std::vector<std::string>& given, const plan::Experiment& experiment,
                 config::PriceSnapshot& prices);

// "--low rtx-4090=PRICE --high a100-80g=PRICE": how these devices' prices are given.
std::string price_options(const std::vector<std::string>& devices,
                          const plan::Experiment& experiment);

}  // namespace repro::cli
