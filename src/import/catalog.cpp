#include "import/catalog.hpp"

#include <cctype>
#include <chrono>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "import/catalog_readers.hpp"
#include "import/log_text.hpp"

namespace repro::imports {
namespace {

bool is_day(const std::string& date) {
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return false;
  for (const size_t at : {0, 1, 2, 3, 5, 6, 8, 9})
    if (std::isdigit(static_cast<unsigned char>(date[at])) == 0) return false;
  const std::chrono::year_month_day day{
      std::chrono::year{std::stoi(date.substr(0, 4))},
      std::chrono::month{static_cast<unsigned>(std::stoi(date.substr(5, 2)))},
      std::chrono::day{static_cast<unsigned>(std::stoi(date.substr(8, 2)))}};
  return day.ok();
}

void read_csv(const std::string& text, OfferList& offers) {
  std::vector<std::string> damaged;
  const CsvTable table(text, offers.file(), damaged);
  for (const std::string& message : damaged) offers.read_row([&] { throw Error("{}", message); });
  if (table.optional_column("gpu_name"))
    read_gpuhunt_rows(table, offers);
  else
    read_skypilot(table, offers);
}

}  // namespace

CatalogImport import_catalog(const std::filesystem::path& path, const std::string& provider,
                             const std::string& date) {
  if (!is_day(date))
    throw Error(Exit::usage, "--date {}: expected the day of the prices, as 2026-01-31", date);
  const std::string text = well_formed(read_text(path));
  OfferList offers(path.string(), provider);
  const std::string_view start = trim(std::string_view(text).substr(0, 64));
  if (start.starts_with('[') || start.starts_with('{'))
    read_gpuhunt_list(text, offers);
  else
    read_csv(text, offers);
  return offers.finish(path, date);
}

}  // namespace repro::imports
