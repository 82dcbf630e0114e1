#include "forecast/throughput_vectors.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

namespace repro::forecast {
namespace {

constexpr uintmax_t kMostBytes = 1 << 20;
constexpr const char* kFile = "hardware_profiles/throughput_vectors.csv";

// The cells of one line; a cell in quotes may hold commas and doubled quotes.
std::optional<std::vector<std::string>> cells_of(std::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (c == '"' && quoted && at + 1 < line.size() && line[at + 1] == '"')
      cells.back() += line[++at];
    else if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      cells.emplace_back();
    else
      cells.back() += c;
  }
  return quoted ? std::nullopt : std::optional(std::move(cells));
}

// One row, its cells by the heading's names.
class VectorRow {
 public:
  VectorRow(const std::vector<std::string>& heading, std::vector<std::string> cells,
            std::string where)
      : where_(std::move(where)) {
    if (cells.size() != heading.size())
      throw Error("{}: {} cells, expected {} as in the heading", where_, cells.size(),
                  heading.size());
    for (size_t i = 0; i < cells.size(); ++i) cells_[heading[i]] = std::move(cells[i]);
  }

  const std::string& text(const std::string& column) const {
    const auto found = cells_.find(column);
    if (found == cells_.end()) throw Error("{}: no column '{}'", where_, column);
    return found->second;
  }
  std::optional<double> number(const std::string& column, double least, double most) const {
    const std::string& cell = text(column);
    if (cell.empty()) return std::nullopt;
    double value = 0;
    const auto [stop, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || stop != cell.data() + cell.size() || !(value >= least) ||
        !(value <= most))
      throw Error("{}: {} = '{}': expected a number from {:g} to {:g}", where_, column, cell, least,
                  most);
    return value;
  }
  double needed(const std::string& column, double least, double most) const {
    const auto value = number(column, least, most);
    if (!value) throw Error("{}: {} is blank", where_, column);
    return *value;
  }
  const std::string& one_of(const std::string& column,
                            const std::vector<std::string>& known) const {
    const std::string& cell = text(column);
    if (std::find(known.begin(), known.end(), cell) == known.end())
      throw Error("{}: {} = '{}': expected one of {}{}", where_, column, cell, join(known, ", "),
                  did_you_mean(cell, known));
    return cell;
  }
  const std::string& where() const { return where_; }

 private:
  std::string where_;
  std::map<std::string, std::string> cells_;
};

Recompute recompute_of(const std::string& text) {
  if (text == "none") return Recompute::none;
  return text == "full" ? Recompute::full : Recompute::selective;
}

ThroughputVector vector_of(const VectorRow& row) {
  ThroughputVector vector;
  vector.id = row.text("id");
  vector.model = row.text("model");
  vector.profile = row.text("profile");
  vector.devices = row.needed("devices", 1, 1e6);
  vector.parallelism = row.text("parallelism");
  vector.sequence = row.needed("sequence", 1, 1e8);
  vector.dtype = row.one_of("dtype", {"bf16", "fp16", "fp8"});
  vector.recompute = recompute_of(row.one_of("recompute", {"none", "selective", "full"}));
  vector.parameters = row.needed("parameters", 1, 1e15);
  vector.active = row.needed("active", 1, 1e15);
  vector.tokens_per_second = row.number("tokens_per_second", 1e-6, 1e12);
  vector.flops_per_second = row.number("flops_per_second", 1, 1e20);
  vector.memory_gib = row.number("memory_gib", 0, 1e6);
  vector.printed = row.text("printed");
  vector.source = row.text("source");
  const auto layers = row.number("layers", 1, 1e6);
  const auto width = row.number("attention_width", 1, 1e7);
  if (!vector.flops_per_second && vector.tokens_per_second) {
    if (!layers || !width)
      throw Error("{}: layers and attention_width are needed where flops_per_second is blank",
                  row.where());
    vector.flops_per_second =
        *vector.tokens_per_second * (6 * vector.active + 6 * *layers * *width * vector.sequence);
  }
  if (vector.source.empty()) throw Error("{}: source is blank", row.where());
  return vector;
}

}  // namespace

std::string_view name(Recompute recompute) {
  if (recompute == Recompute::none) return "none";
  return recompute == Recompute::full ? "full" : "selective";
}

double extra_work(Recompute recompute) { return recompute == Recompute::full ? 4.0 / 3 : 1; }

std::string ThroughputVector::run() const {
  const size_t end = id.find_last_of("0123456789");
  return end == std::string::npos ? id : id.substr(0, end + 1);
}

std::vector<ThroughputVector> load_throughput_vectors(const std::filesystem::path& path,
                                                      const std::string& shown_as) {
  std::error_code error;
  if (const auto size = fs::file_size(path, error); !error && size > kMostBytes)
    throw Error("{}: {} bytes; a file of throughputs has at most {}", shown_as, size, kMostBytes);
  std::vector<ThroughputVector> vectors;
  std::vector<std::string> heading;
  std::set<std::string> ids;
  size_t number = 0;
  for (std::string& line : split(read_file(path), '\n')) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    const std::string where = fmt::format("{}:{}", shown_as, number);
    auto cells = cells_of(line);
    if (!cells) throw Error("{}: a quote is not closed", where);
    if (heading.empty()) {
      heading = std::move(*cells);
      continue;
    }
    vectors.push_back(vector_of(VectorRow(heading, std::move(*cells), where)));
    if (!ids.insert(vectors.back().id).second)
      throw Error("{}: id '{}' is given twice", where, vectors.back().id);
  }
  return vectors;
}

std::vector<ThroughputVector> find_throughput_vectors(const std::filesystem::path& root) {
  if (!fs::exists(root / kFile)) return {};
  return load_throughput_vectors(root / kFile, kFile);
}

}  // namespace repro::forecast
