#include "import/offers.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "import/log_text.hpp"

namespace repro::imports {
namespace {

// Dollars an hour of an instance; more is a slip of the catalog.
constexpr double kDearest = 1e6;

bool is_rebuilt(const std::string& model, double gigabytes) {
  const std::vector<double> sizes = built_sizes(model);
  return !sizes.empty() && gigabytes > 1.5 * *std::max_element(sizes.begin(), sizes.end());
}

}  // namespace

OfferList::OfferList(std::string file, std::string provider)
    : file_(std::move(file)), provider_(std::move(provider)) {
  result_.snapshot.title = "Offers of " + (provider_.empty() ? file_ : provider_);
}

void OfferList::bad_row(std::string message) {
  result_.warnings.push_back(message);
  bad_.push_back(std::move(message));
}

void OfferList::read_row(const std::function<void()>& read) {
  ++result_.rows;
  try {
    read();
  } catch (const Error& error) {
    if (error.exit() == Exit::usage) throw;
    bad_row(error.what());
  } catch (const nlohmann::json::exception& error) {
    // After the library's "[json.exception.type_error.302] ".
    const std::string_view what = error.what();
    bad_row(fmt::format("{}: offer {}: {}; expected gpu_name, and gpu_count and price as numbers",
                        file_, line_, what.substr(what.find("] ") + 2)));
  }
}

bool OfferList::add(const config::Offer& offer, const GpuName& name, const InstancePrices& prices) {
  if (name.model.empty()) {
    warn("'{}' names no board; left out", offer.gpu);
    return false;
  }
  if (name.slice) {
    warn("'{}' is a part of a board; left out", offer.gpu);
    return false;
  }
  if (is_rebuilt(name.model, name.gigabytes)) {
    warn("'{}' with {:.0f} GB is not the board of that name; left out", offer.gpu, name.gigabytes);
    return false;
  }
  const bool on_demand = add_priced(offer, name, prices.on_demand, false);
  const bool spot = prices.spot != prices.on_demand && add_priced(offer, name, prices.spot, true);
  return on_demand || spot;
}

bool OfferList::add_priced(config::Offer offer, const GpuName& name, double price, bool spot) {
  if (price <= 0) return false;
  offer.gpu_memory_gb = name.gigabytes;
  offer.profile = profile_of(name);
  if (offer.profile == "a100" || offer.profile == "h100")
    warn("'{}': which board is not stated; kept as '{}'", offer.gpu, offer.profile);
  offer.spot = spot;
  offer.price_instance = price;
  offer.price_gpu = price / static_cast<double>(offer.gpu_count);
  // Zones of one region repeat a row.
  if (seen_.insert({offer.instance, offer.gpu, offer.gpu_count, offer.region, spot, price}).second)
    result_.snapshot.offers.push_back(std::move(offer));
  return true;
}

double OfferList::number(const std::string& text, const char* column) const {
  if (means_no_value(text)) return 0;
  const auto value = whole_number_text(text);
  if (!value || !std::isfinite(*value))
    throw Error("{}:{}: {} = '{}': not a number; mend or remove the row", file_, line_, column,
                excerpt(text));
  if (*value < 0)
    throw Error("{}:{}: {} = {}: must not be negative; mend or remove the row", file_, line_,
                column, text);
  return *value;
}

double OfferList::price(const std::string& text, const char* column) const {
  const double value = number(text, column);
  if (value > kDearest)
    throw Error(
        "{}:{}: {} = {}: no instance costs more than {:.0f} dollars an hour; mend or "
        "remove the row",
        file_, line_, column, text, kDearest);
  return value;
}

int64_t OfferList::whole(const std::string& text, const char* column) const {
  const double value = number(text, column);
  if (value < 1 || value != std::floor(value) || value > 1e6)
    throw Error("{}:{}: {} = '{}': expected a whole number of at least 1", file_, line_, column,
                text);
  return static_cast<int64_t>(value);
}

CatalogImport OfferList::finish(const std::filesystem::path& path, const std::string& date) {
  if (result_.snapshot.offers.empty() && !bad_.empty()) throw Error("{}", bad_.front());
  result_.bad = static_cast<int64_t>(bad_.size());
  result_.skipped += result_.bad;
  std::string name = provider_.empty() ? "offers" : provider_;
  std::replace(name.begin(), name.end(), '/', '_');
  result_.snapshot.name = fmt::format("{}-{}", name, date);
  result_.snapshot.date = date;
  result_.snapshot.source =
      fmt::format("{}, sha256 {}", path.filename().string(), sha256_hex_of_file(path));
  return std::move(result_);
}

}  // namespace repro::imports
