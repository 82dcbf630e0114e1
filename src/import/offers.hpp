#pragma once
// The offers that a catalog makes, collected row by row: a row that cannot be read is counted and
// left out, and what was doubtful is said with its line.

#include <fmt/format.h>

#include <functional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "import/catalog.hpp"
#include "import/gpu_name.hpp"

namespace repro::imports {

// An hour of an instance, on demand and spot; 0 = not offered.
struct InstancePrices {
  double on_demand = 0;
  double spot = 0;
};

class OfferList {
 public:
  OfferList(std::string file, std::string provider);

  const std::string& file() const { return file_; }
  const std::string& provider() const { return provider_; }
  void at_line(size_t line) { line_ = line; }
  size_t line() const { return line_; }

  // Counts a row and reads it; an Error of it is kept, and the row left out.
  void read_row(const std::function<void()>& read);
  void bad_row(std::string message);
  void skip(int64_t rows = 1) { result_.skipped += rows; }
  // False when neither price makes an offer, or the board is not one of a profile.
  bool add(const config::Offer& offer, const GpuName& name, const InstancePrices& prices);

  // Cells: Error "file:line: column = ...". A number is not negative; blank = 0.
  double number(const std::string& text, const char* column) const;
  double price(const std::string& text, const char* column) const;   // below a million dollars
  int64_t whole(const std::string& text, const char* column) const;  // at least 1

  template <typename... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) {
    result_.warnings.push_back(
        fmt::format("{}:{}: {}", file_, line_, fmt::format(format, std::forward<Args>(args)...)));
  }

  // Error, that of the first bad row, when bad rows are all there is.
  CatalogImport finish(const std::filesystem::path& path, const std::string& date);

 private:
  bool add_priced(config::Offer offer, const GpuName& name, double price, bool spot);

  std::string file_;
  std::string provider_;
  CatalogImport result_;
  size_t line_ = 0;
  std::vector<std::string> bad_;
  std::set<std::tuple<std::string, std::string, int64_t, std::string, bool, double>> seen_;
};

}  // namespace repro::imports
