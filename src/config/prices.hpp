#pragma once
// Dated price snapshots, hardware_profiles/prices/*.toml. A price is
// meaningful only with provider, region, spot or on demand, and date; catalogs quote it per
// instance, so both that and the price of one GPU are kept. Nothing is ever fetched.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.hpp"

namespace repro::config {

struct Offer {
  std::string profile;   // hardware profile it is for: "rtx-4090"
  std::string provider;  // "vast", "runpod", "paper"
  std::string region;
  std::string instance;
  std::string gpu;  // as the provider calls it
  int64_t gpu_count = 1;
  double gpu_memory_gb = 0;  // of one GPU; 0 = unknown
  bool spot = false;
  double price_instance = 0;  // dollars an hour for the whole instance
  double price_gpu = 0;       // dollars an hour for one GPU: price_instance / gpu_count
};

struct PriceSnapshot {
  std::string name;  // file name without .toml
  std::string title;
  std::string date;    // ISO 8601 day of the prices
  std::string source;  // where they were read
  std::string currency = "USD";
  std::vector<Offer> offers;

  // Cheapest, median and dearest offer of one GPU of this profile; empty when there is none.
  struct Spread {
    double minimum = 0, median = 0, maximum = 0;
    int64_t offers = 0;
  };
  std::optional<Spread> spread(const std::string& profile, bool include_spot = false) const;
};

void describe(Fields&, PriceSnapshot&);
// Error with every problem at once; price_gpu must be price_instance / gpu_count to the cent.
PriceSnapshot load_prices(const std::filesystem::path& path, const std::string& shown_as);
// hardware_profiles/prices/NAME.toml under `root`, or a path ending in .toml.
PriceSnapshot find_prices(const std::filesystem::path& root, const std::string& name);
std::vector<std::string> price_names(const std::filesystem::path& root);
std::string to_toml(const PriceSnapshot& snapshot);

}  // namespace repro::config
