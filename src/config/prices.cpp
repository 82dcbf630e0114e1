#include "config/prices.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"
#include "config/library.hpp"
#include "config/toml_writer.hpp"

namespace repro::config {

void describe(Fields& fields, Offer& offer) {
  fields.field("profile", offer.profile, required());
  fields.field("provider", offer.provider, required());
  fields.field("region", offer.region);
  fields.field("instance", offer.instance);
  fields.field("gpu", offer.gpu);
  fields.field("gpu_count", offer.gpu_count, at_least(1));
  fields.field("gpu_memory_gb", offer.gpu_memory_gb, at_least(0));
  fields.field("spot", offer.spot);
  fields.field("price_instance", offer.price_instance, positive() + required());
  fields.field("price_gpu", offer.price_gpu, positive() + required());
}

void describe(Fields& fields, PriceSnapshot& snapshot) {
  fields.field("title", snapshot.title);
  fields.field("date", snapshot.date, required());
  fields.field("source", snapshot.source, required());
  fields.field("currency", snapshot.currency, one_of({"USD"}));
  fields.list("offers", snapshot.offers, required());
}

std::optional<PriceSnapshot::Spread> PriceSnapshot::spread(const std::string& profile,
                                                           bool include_spot) const {
  std::vector<double> prices;
  for (const Offer& offer : offers)
    if (offer.profile == profile && (include_spot || !offer.spot))
      prices.push_back(offer.price_gpu);
  if (prices.empty()) return std::nullopt;
  std::sort(prices.begin(), prices.end());
  const size_t half = prices.size() / 2;
  const double median =
      prices.size() % 2 == 1 ? prices[half] : (prices[half - 1] + prices[half]) / 2;
  return Spread{prices.front(), median, prices.back(), static_cast<int64_t>(prices.size())};
}

PriceSnapshot load_prices(const std::filesystem::path& path, const std::string& shown_as) {
  Problems problems;
  const Node root = read_toml(path, shown_as);
  PriceSnapshot snapshot = from_node<PriceSnapshot>(root, problems);
  problems.throw_if_any();
  snapshot.name = path.stem().string();
  const Node::Array& nodes = *root.find("offers")->array();
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Offer& offer = snapshot.offers[i];
    const double each = offer.price_instance / static_cast<double>(offer.gpu_count);
    if (std::abs(each - offer.price_gpu) > 0.005 + 1e-9)
      problems.add(nodes[i].source,
                   "price_gpu = {}: an instance of {} at {} makes {:.4f} a GPU; mend one of them",
                   offer.price_gpu, offer.gpu_count, offer.price_instance, each);
  }
  problems.throw_if_any();
  return snapshot;
}

std::vector<std::string> price_names(const std::filesystem::path& root) {
  return library_names(root, "hardware_profiles/prices");
}

PriceSnapshot find_prices(const std::filesystem::path& root, const std::string& name) {
  const LibraryFile file = find_file(root, "hardware_profiles/prices", name, "price snapshot");
  return load_prices(file.path, file.shown_as);
}

std::string to_toml(const PriceSnapshot& snapshot) {
  PriceSnapshot copy = snapshot;
  return write_toml([&](Fields& fields) { describe(fields, copy); },
                    "Dollars an hour; price_gpu is price_instance / gpu_count.");
}

}  // namespace repro::config
