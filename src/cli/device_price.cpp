#include "cli/device_price.hpp"

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro::cli {

DeviceAtPrice parse_device(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return {text, std::nullopt};
  std::string_view digits = std::string_view(text).substr(equals + 1);
  if (digits.starts_with('$')) digits.remove_prefix(1);
  double price = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), price);
  if (error != std::errc() || stop != digits.data() + digits.size() || !(price > 0) || price > 1e6)
    throw Error(
        "'{}': the price after '=' must be dollars an hour, a number above 0 and at most a "
        "million, as in rtx-4090=0.40",
        text);
  return {text.substr(0, equals), price};
}

void give_prices(const std::vector<std::string>& given, const plan::Experiment& experiment,
                 config::PriceSnapshot& prices) {
  const std::vector<std::string> devices = experiment.profiles();
  for (const std::string& text : given) {
    const DeviceAtPrice one = parse_device(text);
    if (!one.price)
      throw Error("'{}': no price; write {}=PRICE, dollars an hour", text, one.device);
    if (std::find(devices.begin(), devices.end(), one.device) == devices.end())
      throw Error("'{}': {} runs on {}{}; another device is an arm's profile in the manifest", text,
                  experiment.name, join(devices, " and "), did_you_mean(one.device, devices));
    std::erase_if(prices.offers,
                  [&](const config::Offer& offer) { return offer.profile == one.device; });
    config::Offer offer;
    offer.profile = one.device;
    offer.provider = "given";
    offer.price_instance = offer.price_gpu = *one.price;
    prices.offers.push_back(offer);
  }
}

std::string price_options(const std::vector<std::string>& devices,
                          const plan::Experiment& experiment) {
  std::vector<std::string> options;
  for (const std::string& device : devices)
    options.push_back((device == experiment.baseline_profile() ? "--high " : "--low ") + device +
                      "=PRICE");
  return join(options, " ");
}

}  // namespace repro::cli
