#pragma once
// Small text helpers: splitting, spelling suggestions, and numbers the way people read them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace repro {

std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);  // ASCII white space
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// The candidate nearest to `word` by edit distance, if it is near enough to be a slip.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);
// " (did you mean 'experts'?)", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

// A word of a POSIX shell: as it is where no character of it means something there, else in single
// quotes.
std::string shell_quoted(std::string_view word);

// What no formatter can show as digits: "not a number", "infinite", "-infinite", and beyond 2^53,
// where a double skips integers, "1.2e+30". Empty for every other number.
std::optional<std::string> not_countable(double value);

// Each says what not_countable() says where a number is none.
std::string with_commas(int64_t value);         // 2,686,420,992
std::string rounded_with_commas(double value);  // likewise, of the nearest integer
std::string human_bytes(double bytes);          // 23.6 GB (1e9)
std::string human_seconds(double seconds);      // 4.2 s, 3 min 20 s, 2 h 05 min
std::string human_count(double value);          // 950, 12.3 k, 4.20 M, 2.69 B

}  // namespace repro
