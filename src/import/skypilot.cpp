// SkyPilot's catalogs, by column: what they get wrong or leave open is mended here, and said.
// Prices are per instance; memory is of one GPU, of all, or gigabytes called MiB; a spot price of 0
// is none; one name stands for boards of different memory; a host and its GPUs may stand apart.

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"
#include "import/catalog_readers.hpp"
#include "import/log_text.hpp"
#include "import/split_host.hpp"

namespace repro::imports {
namespace {

// What a catalog's memory of several GPUs means: providers differ, and one file has one meaning.
enum class Memory { unclear, of_each, of_all };

bool is_built_with(const std::string& model, double gigabytes) {
  const std::vector<double> sizes = built_sizes(model);
  return std::any_of(sizes.begin(), sizes.end(),
                     [&](double size) { return std::abs(gigabytes - size) <= 1; });
}

double gigabytes_of(double mebibytes) {
  // Below 1024 it is gigabytes called MiB.
  return mebibytes < 1024 ? mebibytes : std::round(mebibytes / 1024);
}

// One row's evidence: does only the whole, or only the share, make a board that exists?
int vote(const std::string& model, double mebibytes, int64_t count) {
  if (count < 2 || mebibytes < 1024) return 0;
  const bool each = is_built_with(model, gigabytes_of(mebibytes));
  const bool all = is_built_with(model, gigabytes_of(mebibytes / static_cast<double>(count)));
  return each == all ? 0 : each ? 1 : -1;
}

// Memory of one GPU; 0 when it is not known.
double gigabytes_each(const GpuInfo& info, int64_t count, Memory means) {
  const double mebibytes = info.mebibytes;
  const auto boards = static_cast<double>(count);
  if (mebibytes <= 0) return 0;
  const bool total_of_each = std::abs(info.total_mebibytes - mebibytes * boards) < 1;
  if (mebibytes < 1024 || count == 1 || total_of_each || means == Memory::of_each)
    return gigabytes_of(mebibytes);
  return means == Memory::of_all ? gigabytes_of(mebibytes / boards) : 0;
}

class SkypilotReader {
 public:
  explicit SkypilotReader(OfferList& offers) : offers_(offers) {}

  void read(const CsvTable& table) {
    if (offers_.provider().empty())
      throw Error(Exit::usage, "a SkyPilot catalog does not name its provider; add --provider");
    const Columns at = {.name = table.column("AcceleratorName"),
                        .count = table.column("AcceleratorCount"),
                        .price = table.column("Price"),
                        .spot = table.optional_column("SpotPrice"),
                        .info = table.optional_column("GpuInfo"),
                        .instance = table.optional_column("InstanceType"),
                        .region = table.optional_column("Region"),
                        .zone = table.optional_column("AvailabilityZone")};
    std::vector<Row> rows, hosts;
    for (const CsvRow& row : table.rows()) {
      offers_.at_line(row.line);
      const bool is_host = trim(row.cells[at.name]).empty();
      offers_.read_row([&] { (is_host ? hosts : rows).push_back(read_row(row, at, is_host)); });
    }
    learn_memory(rows);
    for (const Row& row : rows) {
      offers_.at_line(row.line);
      const bool apart = at.instance && row.offer.instance.empty();
      if (!(apart ? add_with_hosts(row, hosts) : add(row, row.prices))) offers_.skip();
    }
    offers_.skip(
        std::count_if(hosts.begin(), hosts.end(), [](const Row& host) { return !host.carries; }));
  }

 private:
  struct Columns {
    size_t name, count, price;
    std::optional<size_t> spot, info, instance, region, zone;
  };
  // The cells of one SkyPilot row.
  struct Row {
    size_t line = 0;
    config::Offer offer;  // without prices
    GpuInfo info;
    InstancePrices prices;
    std::string zone;
    bool carries = false;  // a host whose GPUs were found
  };

  Row read_row(const CsvRow& row, const Columns& at, bool is_host) const {
    const auto cell = [&](std::optional<size_t> column) {
      return column ? std::string(trim(row.cells[*column])) : std::string();
    };
    Row read{.line = row.line, .offer = {}, .info = {}, .prices = {}, .zone = cell(at.zone)};
    read.offer.gpu = cell(at.name);
    read.offer.provider = offers_.provider();
    read.offer.instance = cell(at.instance);
    read.offer.region = cell(at.region);
    read.info = parse_gpu_info(cell(at.info));
    if (!is_host) read.offer.gpu_count = offers_.whole(cell(at.count), "AcceleratorCount");
    read.prices.on_demand = offers_.price(cell(at.price), "Price");
    read.prices.spot = offers_.price(cell(at.spot), "SpotPrice");
    return read;
  }

  void learn_memory(const std::vector<Row>& rows) {
    int votes = 0;
    for (const Row& row : rows)
      votes += vote(parse_gpu_name(row.offer.gpu).model, row.info.mebibytes, row.offer.gpu_count);
    if (votes != 0) memory_ = votes > 0 ? Memory::of_each : Memory::of_all;
  }

  // The price of GPUs alone is no offer: those of the hosts that carry them are added.
  bool add_with_hosts(const Row& row, std::vector<Row>& hosts) {
    bool any = false;
    for (Row& host : hosts) {
      if (host.offer.region != row.offer.region || host.zone != row.zone ||
          !host_carries(host.offer.instance, row.offer.gpu, row.offer.gpu_count))
        continue;
      Row both = row;
      both.offer.instance = host.offer.instance;
      // To a millionth of a dollar: a sum of decimals shows no digits of its own.
      const auto sum = [](double a, double b) {
        return a > 0 && b > 0 ? std::round((a + b) * 1e6) / 1e6 : 0;
      };
      host.carries = add(both, {sum(row.prices.on_demand, host.prices.on_demand),
                                sum(row.prices.spot, host.prices.spot)}) ||
                     host.carries;
      any = any || host.carries;
    }
    if (!any)
      offers_.warn("{} '{}' without the price of a host, which this file does not state; left out",
                   row.offer.gpu_count, row.offer.gpu);
    return any;
  }

  bool add(const Row& row, const InstancePrices& prices) {
    GpuName name = parse_gpu_name(row.offer.gpu);
    for (const std::string& other : row.info.names) name = completed(name, parse_gpu_name(other));
    name = completed(name, {.model = "",
                            .form = parse_gpu_name(row.offer.instance).form,
                            .gigabytes = gigabytes_each(row.info, row.offer.gpu_count, memory_)});
    return offers_.add(row.offer, name, prices);
  }

  OfferList& offers_;
  Memory memory_ = Memory::unclear;
};

}  // namespace

void read_skypilot(const CsvTable& table, OfferList& offers) { SkypilotReader(offers).read(table); }

}  // namespace repro::imports
