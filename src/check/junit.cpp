#include "check/junit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/unicode.hpp"

namespace repro::checks {
namespace {

// Also without the two characters that are no text in XML.
std::string xml(const std::string& text) {
  std::string escaped;
  for (const char c : printable_line(text)) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else if (c == '"')
      escaped += "&quot;";
    else
      escaped += c;
  }
  for (const char* banned : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"})
    for (size_t at; (at = escaped.find(banned)) != std::string::npos;)
      escaped.replace(at, 3, "\xEF\xBF\xBD");
  return escaped;
}

bool is_failure(const Row& row) {
  return row.verdict == Verdict::regression || row.verdict == Verdict::suspect ||
         row.verdict == Verdict::unstable;
}

bool is_skipped(const Row& row) {
  return !row.failed &&
         (row.verdict == Verdict::not_comparable || row.verdict == Verdict::nothing_measured);
}

std::string detail(const Row& row) {
  return fmt::format("golden {}, now {}, tolerance {}", row.golden, row.now, row.tolerance);
}

std::string body_of(const Row& row) {
  const std::string reason = xml(row.reason);
  if (row.failed) return fmt::format("<error message=\"{}\"/>", reason);
  if (is_failure(row))
    return fmt::format("<failure type=\"{}\" message=\"{}\">{}</failure>", name(row.verdict),
                       reason, xml(detail(row)));
  if (is_skipped(row)) return fmt::format("<skipped message=\"{}\"/>", reason);
  return "";
}

}  // namespace

std::string to_junit(const std::string& suite, const std::vector<Row>& rows, double seconds) {
  const auto counted = [&](const auto& which) {
    return std::count_if(rows.begin(), rows.end(), which);
  };
  const std::string counts =
      fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\"",
                  rows.size(), counted(is_failure),
                  counted([](const Row& row) { return row.failed; }), counted(is_skipped), seconds);
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  text += fmt::format("<testsuites {}>\n<testsuite name=\"{}\" {}>\n", counts, xml(suite), counts);
  for (const Row& row : rows) {
    text += fmt::format("<testcase classname=\"{}\" name=\"{} [{}]\" time=\"0\">",
                        xml(row.training), xml(row.quantity), name(row.lane));
    text += body_of(row) + "</testcase>\n";
  }
  return text + "</testsuite>\n</testsuites>\n";
}

}  // namespace repro::checks
