#pragma once
// JSON files of other programs, read key by key. Every failure is one line that begins with the
// file, or the file and the key, and shows what was found.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "config/rule.hpp"

namespace repro::exchange {

// A whole file. Error when it is absent or larger than 256 MB.
std::string read_bounded(const std::filesystem::path& path);
// The one object that a text is; Error, which `place` begins, when it is anything else.
nlohmann::json parse_object(std::string_view text, const std::string& place);
nlohmann::json read_object(const std::filesystem::path& path);

// A name or value of a file as a message may show it: one line, at most 80 characters.
std::string shown(std::string_view text);
std::string shown_value(const nlohmann::json& value);

// The keys of an object. A key that is null counts as absent, as in the programs that write these
// files.
class Keys {
 public:
  // `place` stands before each message: "DIR/config.json". The object outlives this.
  Keys(const nlohmann::json& object, std::string place);

  bool has(std::string_view key);
  // Error when the key is absent, of another type or out of its range; with `otherwise`, that when
  // it is absent.
  int64_t integer(std::string_view key, const config::Range& range,
                  std::optional<int64_t> otherwise = {});
  double number(std::string_view key, const config::Range& range,
                std::optional<double> otherwise = {});
  bool boolean(std::string_view key, bool otherwise);
  std::string text(std::string_view key, std::optional<std::string> otherwise = {});
  // Error when the key is there with another value than this.
  void require(std::string_view key, const nlohmann::json& value);
  // The value of a key, null when it is absent.
  const nlohmann::json& value(std::string_view key);
  void ignore(std::string_view key);
  // Error that names a key nobody asked for: what it says cannot be honoured.
  void finish() const;

  [[noreturn]] void refuse(std::string_view key, const std::string& why) const;
  const std::string& place() const { return place_; }

 private:
  const nlohmann::json& object_;
  std::string place_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace repro::exchange
