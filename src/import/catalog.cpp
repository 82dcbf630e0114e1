// What the published catalogs get wrong or leave open is mended here, and said: prices are per
// instance; memory is of one GPU, of all, or gigabytes called MiB; a spot price of 0 is none; one
// name stands for boards of different memory.

#include "import/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "import/csv.hpp"

namespace repro::imports {
namespace {

// Gigabytes of one GPU that a bare name can mean, where a total must be told from a single one or
// a rebuilt board from a real one.
const std::map<std::string, std::vector<double>>& memory_sizes() {
  static const std::map<std::string, std::vector<double>> kSizes = {
      {"rtx-4090", {24}}, {"rtx-5090", {32}}, {"rtx-3090", {24}}, {"rtx-a6000", {48}},
      {"a6000", {48}},    {"a100", {40, 80}}, {"h100", {80, 94}}, {"h200", {141}},
      {"l40s", {48}},     {"l4", {24}},       {"v100", {16, 32}}, {"a10", {24}}};
  return kSizes;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// "RTX4090" -> "rtx-4090", "A100-80GB" -> "a100", "RTX6000-Ada" -> "rtx-6000-ada".
std::string slug(const std::string& gpu) {
  std::string name = lower(gpu);
  std::replace(name.begin(), name.end(), ' ', '-');
  for (const char* suffix : {"-80gb", "-40gb"})
    if (name.ends_with(suffix)) name.resize(name.size() - 5);
  if (name.starts_with("rtx") && name.size() > 3 && name[3] != '-') name.insert(3, "-");
  return name;
}

// What a catalog's memory of several GPUs means: providers differ, and one file has one meaning.
enum class Memory { unclear, of_each, of_all };

bool is_size_of(const std::string& name, double gigabytes) {
  const auto known = memory_sizes().find(name);
  return known != memory_sizes().end() &&
         std::any_of(known->second.begin(), known->second.end(),
                     [&](double one) { return std::abs(gigabytes - one) <= 1; });
}

double gigabytes_of(double mebibytes) {
  // Below 1024 it is gigabytes called MiB.
  return mebibytes < 1024 ? mebibytes : std::round(mebibytes / 1024);
}

// One row's evidence: does only the whole, or only the share, make a board that exists?
int vote(const std::string& name, double mebibytes, int64_t count) {
  if (count < 2 || mebibytes < 1024) return 0;
  const bool each = is_size_of(name, gigabytes_of(mebibytes));
  const bool all = is_size_of(name, gigabytes_of(mebibytes / static_cast<double>(count)));
  return each == all ? 0 : each ? 1 : -1;
}

// Memory of one GPU; 0 when it is not known.
double gigabytes_each(double mebibytes, int64_t count, const std::string& gpu, Memory means) {
  if (lower(gpu).ends_with("-80gb")) return 80;
  if (mebibytes < 1024 || count == 1 || means == Memory::of_each) return gigabytes_of(mebibytes);
  if (means == Memory::of_all) return gigabytes_of(mebibytes / static_cast<double>(count));
  return 0;
}

// The profile a GPU belongs to: the name, and the memory or form factor where a name has several.
std::string profile_of(const std::string& name, double gigabytes, const std::string& instance) {
  if (name == "a100" && gigabytes > 0) return gigabytes > 60 ? "a100-80g" : "a100-40g";
  if (name.starts_with("h100")) {
    const std::string type = lower(instance) + name;
    for (const char* form : {"sxm", "nvl", "pcie"})
      if (type.find(form) != std::string::npos) return fmt::format("h100-{}", form);
  }
  return name;
}

bool is_rebuilt(const std::string& name, double gigabytes) {
  const auto known = memory_sizes().find(name);
  if (known == memory_sizes().end() || gigabytes <= 0) return false;
  return gigabytes > 1.5 * *std::max_element(known->second.begin(), known->second.end());
}

class Importer {
 public:
  Importer(std::string file, std::string provider) : file_(std::move(file)) {
    result_.snapshot.title = "Offers of " + (provider.empty() ? file_ : provider);
    provider_ = std::move(provider);
  }

  void read_skypilot(const std::string& text) {
    const CsvTable table(text, file_);
    const size_t name = table.column("AcceleratorName");
    const size_t count = table.column("AcceleratorCount");
    const size_t price = table.column("Price");
    const auto spot = table.optional_column("SpotPrice");
    const auto info = table.optional_column("GpuInfo");
    const auto instance = table.optional_column("InstanceType");
    const auto region = table.optional_column("Region");
    if (info) learn_memory(table, name, count, *info);
    for (const CsvRow& row : table.rows()) {
      ++result_.rows;
      line_ = row.line;
      config::Offer offer;
      offer.gpu = row.cells[name];
      if (offer.gpu.empty()) {
        ++result_.skipped;
        continue;
      }
      offer.provider = provider_;
      offer.gpu_count = whole(row.cells[count], "AcceleratorCount");
      if (instance) offer.instance = row.cells[*instance];
      if (region) offer.region = row.cells[*region];
      const double mebibytes = info ? size_in_mib(row.cells[*info]) : 0;
      const bool on_demand = add(offer, number(row.cells[price], "Price"), mebibytes, false);
      const double spot_price = spot ? number(row.cells[*spot], "SpotPrice") : 0;
      const bool is_spot = spot_price > 0 && spot_price != number(row.cells[price], "Price") &&
                           add(offer, spot_price, mebibytes, true);
      if (!on_demand && !is_spot) ++result_.skipped;
    }
  }

  void read_gpuhunt(const std::string& text) {
    nlohmann::json offers;
    try {
      offers = nlohmann::json::parse(text);
    } catch (const nlohmann::json::exception&) {
      throw Error("{}:1: neither a SkyPilot CSV nor a JSON list of offers", file_);
    }
    if (!offers.is_array()) throw Error("{}:1: expected a JSON list of offers", file_);
    for (const nlohmann::json& row : offers) {
      ++result_.rows;
      ++line_;
      try {
        read_offer(row);
      } catch (const nlohmann::json::exception& error) {
        // After the library's "[json.exception.type_error.302] ".
        const std::string_view what = error.what();
        throw Error("{}: offer {}: {}; expected gpu_name, and gpu_count and price as numbers",
                    file_, line_, what.substr(what.find("] ") + 2));
      }
    }
  }

  CatalogImport finish(const std::filesystem::path& path, const std::string& date) {
    result_.snapshot.name = fmt::format("{}-{}", provider_.empty() ? "offers" : provider_, date);
    result_.snapshot.date = date;
    result_.snapshot.source =
        fmt::format("{}, sha256 {}", path.filename().string(), sha256_hex_of_file(path));
    return std::move(result_);
  }

 private:
  void learn_memory(const CsvTable& table, size_t name, size_t count, size_t info) {
    int votes = 0;
    for (const CsvRow& row : table.rows()) {
      line_ = row.line;
      if (row.cells[name].empty()) continue;
      votes += vote(slug(row.cells[name]), size_in_mib(row.cells[info]),
                    whole(row.cells[count], "AcceleratorCount"));
    }
    if (votes != 0) memory_ = votes > 0 ? Memory::of_each : Memory::of_all;
  }

  void read_offer(const nlohmann::json& row) {
    config::Offer offer;
    if (!row.contains("gpu_name") || row["gpu_name"].is_null() || row.value("gpu_count", 0) < 1) {
      ++result_.skipped;
      return;
    }
    offer.gpu = row.at("gpu_name").get<std::string>();
    offer.gpu_count = row.at("gpu_count").get<int64_t>();
    offer.provider = row.value("provider", provider_);
    offer.instance = row.value("instance_name", "");
    offer.region = row.value("location", "");
    const double price = row.at("price").get<double>();
    if (price < 0)
      throw Error("{}: offer {}: price = {}: must not be negative", file_, line_, price);
    // Gigabytes of one GPU.
    const bool has_memory = row.contains("gpu_memory") && !row["gpu_memory"].is_null();
    const double gigabytes = has_memory ? row["gpu_memory"].get<double>() : 0;
    if (!add_sized(offer, price, gigabytes, row.value("spot", false))) ++result_.skipped;
  }

  bool add(const config::Offer& offer, double price, double mebibytes, bool spot) {
    const double gigabytes = gigabytes_each(mebibytes, offer.gpu_count, offer.gpu, memory_);
    return add_sized(offer, price, gigabytes, spot);
  }

  bool add_sized(config::Offer offer, double price, double gigabytes, bool spot) {
    if (price <= 0) return false;
    const std::string name = slug(offer.gpu);
    if (is_rebuilt(name, gigabytes)) {
      warn("'{}' with {:.0f} GB is not the board of that name; left out", offer.gpu, gigabytes);
      return false;
    }
    offer.gpu_memory_gb = gigabytes;
    offer.profile = profile_of(name, gigabytes, offer.instance);
    if (offer.profile == "a100" || offer.profile == "h100")
      warn("'{}': which board is not stated; kept as '{}'", offer.gpu, offer.profile);
    offer.spot = spot;
    offer.price_instance = price;
    offer.price_gpu = price / static_cast<double>(offer.gpu_count);
    // Zones of one region repeat a row.
    if (seen_.insert({offer.instance, offer.region, spot, price}).second)
      result_.snapshot.offers.push_back(std::move(offer));
    return true;
  }

  double number(const std::string& text, const char* column) const {
    if (text.empty()) return 0;
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end || !std::isfinite(value))
      throw Error("{}:{}: {} = '{}': not a number; mend or remove the row", file_, line_, column,
                  text);
    if (value < 0)
      throw Error("{}:{}: {} = {}: must not be negative; mend or remove the row", file_, line_,
                  column, text);
    return value;
  }

  int64_t whole(const std::string& text, const char* column) const {
    const double value = number(text, column);
    if (value < 1 || value != std::floor(value))
      throw Error("{}:{}: {} = '{}': expected a whole number of at least 1", file_, line_, column,
                  text);
    return static_cast<int64_t>(value);
  }

  // From a dictionary in Python's notation: {'Gpus': [{..., 'MemoryInfo': {'SizeInMiB': 81559}}],
  // ...
  static double size_in_mib(const std::string& info) {
    constexpr std::string_view kKey = "'SizeInMiB': ";
    const size_t at = info.find(kKey);
    if (at == std::string::npos) return 0;
    double value = 0;
    std::from_chars(info.data() + at + kKey.size(), info.data() + info.size(), value);
    return value;
  }

  template <typename... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) {
    result_.warnings.push_back(
        fmt::format("{}:{}: {}", file_, line_, fmt::format(format, std::forward<Args>(args)...)));
  }

  std::string file_;
  std::string provider_;
  CatalogImport result_;
  Memory memory_ = Memory::unclear;
  size_t line_ = 0;
  std::set<std::tuple<std::string, std::string, bool, double>> seen_;
};

bool is_day(const std::string& date) {
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return false;
  for (const size_t at : {0, 1, 2, 3, 5, 6, 8, 9})
    if (std::isdigit(static_cast<unsigned char>(date[at])) == 0) return false;
  const int month = std::stoi(date.substr(5, 2));
  const int day = std::stoi(date.substr(8, 2));
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

}  // namespace

CatalogImport import_catalog(const std::filesystem::path& path, const std::string& provider,
                             const std::string& date) {
  if (!is_day(date))
    throw Error(Exit::usage, "--date {}: expected the day of the prices, as 2026-01-31", date);
  const std::string text = read_file(path);
  Importer importer(path.string(), provider);
  const std::string_view start = trim(std::string_view(text).substr(0, 64));
  if (start.starts_with('[') || start.starts_with('{')) {
    importer.read_gpuhunt(text);
  } else {
    if (provider.empty())
      throw Error(Exit::usage, "a SkyPilot catalog does not name its provider; add --provider");
    importer.read_skypilot(text);
  }
  return importer.finish(path, date);
}

}  // namespace repro::imports
