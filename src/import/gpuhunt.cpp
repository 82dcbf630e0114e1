// gpuhunt's offers: prices of an instance, gigabytes of one GPU; as a JSON list or as a table.

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "import/catalog_readers.hpp"

namespace repro::imports {
namespace {

using nlohmann::json;

// `gigabytes` of one GPU.
void add_offer(OfferList& offers, const config::Offer& offer, double price, double gigabytes,
               bool spot) {
  if (offer.provider.empty())
    throw Error(Exit::usage, "the offers do not name their provider; add --provider");
  const GpuName beside = {
      .model = "", .form = parse_gpu_name(offer.instance).form, .gigabytes = gigabytes};
  const InstancePrices prices = spot ? InstancePrices{0, price} : InstancePrices{price, 0};
  if (!offers.add(offer, completed(parse_gpu_name(offer.gpu), beside), prices)) offers.skip();
}

void read_table_row(const CsvTable& table, const CsvRow& row, OfferList& offers) {
  const auto cell = [&](const char* heading) {
    const auto column = table.optional_column(heading);
    return column ? std::string(trim(row.cells[*column])) : std::string();
  };
  config::Offer offer;
  offer.gpu = cell("gpu_name");
  if (offer.gpu.empty() || offers.number(cell("gpu_count"), "gpu_count") == 0) return offers.skip();
  offer.gpu_count = offers.whole(cell("gpu_count"), "gpu_count");
  offer.provider = cell("provider").empty() ? offers.provider() : cell("provider");
  offer.instance = cell("instance_name");
  offer.region = cell("location");
  add_offer(offers, offer, offers.price(cell("price"), "price"),
            offers.number(cell("gpu_memory"), "gpu_memory"),
            cell("spot") == "True" || cell("spot") == "true");
}

// A number that is not negative; 0 where there is none.
double json_number(const json& row, const char* key, const OfferList& offers) {
  if (!row.contains(key) || row[key].is_null()) return 0;
  const double value = row[key].get<double>();
  if (!(value >= 0 && value <= 1e6))
    throw Error("{}: offer {}: {} = {}: must not be negative or above a million; mend or remove it",
                offers.file(), offers.line(), key, value);
  return value;
}

std::string json_text(const json& row, const char* key, const std::string& otherwise) {
  return row.contains(key) && !row[key].is_null() ? row[key].get<std::string>() : otherwise;
}

void read_list_row(const json& row, OfferList& offers) {
  if (!row.is_object())
    throw Error("{}: offer {}: not an object; remove it", offers.file(), offers.line());
  config::Offer offer;
  offer.gpu = json_text(row, "gpu_name", "");
  const double boards = json_number(row, "gpu_count", offers);
  if (offer.gpu.empty() || boards == 0) return offers.skip();
  if (boards != std::floor(boards))
    throw Error("{}: offer {}: gpu_count = {}: expected a whole number", offers.file(),
                offers.line(), boards);
  offer.gpu_count = static_cast<int64_t>(boards);
  offer.provider = json_text(row, "provider", offers.provider());
  offer.instance = json_text(row, "instance_name", "");
  offer.region = json_text(row, "location", "");
  add_offer(offers, offer, json_number(row, "price", offers),
            json_number(row, "gpu_memory", offers), row.value("spot", false));
}

}  // namespace

void read_gpuhunt_rows(const CsvTable& table, OfferList& offers) {
  (void)table.column("gpu_count");
  (void)table.column("price");
  for (const CsvRow& row : table.rows()) {
    offers.at_line(row.line);
    offers.read_row([&] { read_table_row(table, row, offers); });
  }
}

void read_gpuhunt_list(const std::string& text, OfferList& offers) {
  const json list = parse_json(text);
  if (list.is_discarded())
    throw Error("{}:1: neither a SkyPilot CSV nor a JSON list of offers", offers.file());
  if (!list.is_array()) throw Error("{}:1: expected a JSON list of offers", offers.file());
  for (size_t i = 0; i < list.size(); ++i) {
    offers.at_line(i + 1);
    offers.read_row([&] { read_list_row(list[i], offers); });
  }
}

}  // namespace repro::imports
