#pragma once
// One description of a struct's fields serves three directions: reading TOML with located errors,
// writing canonical JSON, and reading that JSON back. A struct T takes part by a function
// `void describe(Fields&, T&)` that names its fields in order; member defaults are the
// documentation. JSON leaves out what equals its default, so a new field changes no file and no key
// that does not set it; a default is therefore part of the format and never changes.

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.hpp"
#include "config/rule.hpp"

namespace repro::config {

// The visitor. Keys are TOML and JSON keys alike. What a rule or a range forbids is a problem in
// both.
class Fields {
 public:
  virtual ~Fields() = default;
  virtual void field(std::string_view key, bool& value, const Rule& rule = {}) = 0;
  virtual void field(std::string_view key, int64_t& value, const Range& range) = 0;
  virtual void field(std::string_view key, double& value, const Range& range) = 0;
  virtual void field(std::string_view key, std::string& value, const Rule& rule = {}) = 0;
  virtual void field(std::string_view key, std::vector<std::string>& value, const Rule& = {}) = 0;
  virtual void field(std::string_view key, std::vector<int64_t>& value, const Range& of_each) = 0;
  virtual void field(std::string_view key, std::vector<double>& value, const Range& of_each) = 0;
  // A table whose keys are data: every member an integer, a number, a string.
  virtual void field(std::string_view key, std::map<std::string, int64_t>& value,
                     const Range& of_each) = 0;
  virtual void field(std::string_view key, std::map<std::string, double>& value,
                     const Range& of_each) = 0;
  virtual void field(std::string_view key, std::map<std::string, std::string>& value,
                     const Rule& = {}) = 0;
  // Absent: no value.
  virtual void field(std::string_view key, std::optional<double>& value, const Range& range) = 0;
  virtual void field(std::string_view key, std::optional<int64_t>& value, const Range& range) = 0;

  // A nested struct as a table.
  template <typename T>
  void table(std::string_view key, T& value, const Rule& rule = {}) {
    if (!enter(key, rule)) return;
    describe(*this, value);
    leave();
  }
  // A list of structs: [[key]] in TOML.
  template <typename T>
  void list(std::string_view key, std::vector<T>& values, const Rule& rule = {}) {
    const auto describe_default = [](Fields& fields) {
      T fresh{};
      describe(fields, fresh);
    };
    values.resize(enter_list(key, values.size(), rule, describe_default));
    for (size_t i = 0; i < values.size(); ++i) {
      enter_item(i);
      describe(*this, values[i]);
      leave();
    }
    leave_list();
  }

 protected:
  virtual bool enter(std::string_view key,
                     const Rule& rule) = 0;  // false: absent, keep the default
  virtual void leave() = 0;
  // `describe_default` describes an item as it is by default.
  virtual size_t enter_list(std::string_view key, size_t size, const Rule& rule,
                            const std::function<void(Fields&)>& describe_default) = 0;
  virtual void enter_item(size_t index) = 0;
  virtual void leave_list() = 0;
};

using Describe = std::function<void(Fields&)>;

// Every problem found goes to `problems`; unknown keys are problems, with a spelling suggestion.
void read_node(const Node& table, const Describe& describe_fields, Problems& problems);
// The fields that differ from those of `describe_defaults`.
nlohmann::json write_json(const Describe& describe_fields, const Describe& describe_defaults);
// Every field: for people, and for the defaults themselves.
nlohmann::json write_all_json(const Describe& describe_fields);
// A field that is absent keeps its default. Throws Error for a field of another type or out of its
// range, or one that nobody described: such a file was not written by this version.
void read_json(const nlohmann::json& object, const Describe& describe_fields,
               const std::string& where);

template <typename T>
T from_node(const Node& table, Problems& problems) {
  T value;
  read_node(
      table, [&](Fields& fields) { describe(fields, value); }, problems);
  return value;
}
template <typename T, typename Json = nlohmann::json>
Json to_json(T value) {
  T fresh{};
  return write_json([&](Fields& fields) { describe(fields, value); },
                    [&](Fields& fields) { describe(fields, fresh); });
}
template <typename T, typename Json = nlohmann::json>
Json to_full_json(T value) {
  return write_all_json([&](Fields& fields) { describe(fields, value); });
}
template <typename T>
T from_json(const nlohmann::json& object, const std::string& where) {
  T value;
  read_json(
      object, [&](Fields& fields) { describe(fields, value); }, where);
  return value;
}

}  // namespace repro::config
