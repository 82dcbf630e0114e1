#include "cli/check_view.hpp"

#include <catch2/catch.hpp>

#include "base/unicode.hpp"

namespace repro::cli {

TEST_CASE("a summary stays below its limit, also a quiet one and one that is cut", "[cli]") {
  Checked checked{.name = "small", .command = "repro check small"};
  checked.rows.push_back({.training = "a", .quantity = "loss"});
  CHECK_FALSE(check_markdown(checked).empty());
  CHECK(check_markdown(checked, 10).empty());
  for (int i = 0; i < 100; ++i) checked.warnings.push_back("± ± ± ± ± ± ±");
  // Wherever the cut is, what is left is text.
  for (size_t most = 400; most < 410; ++most) {
    const std::string text = check_markdown(checked, most);
    CHECK(text.size() < most);
    CHECK(is_utf8(text));
  }
}

}  // namespace repro::cli
