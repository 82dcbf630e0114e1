// A described struct as canonical JSON, and back.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "base/error.hpp"
#include "config/fields.hpp"

namespace repro::config {
namespace {

// Takes out of `object` what equals its default; a table left empty goes too.
void remove_defaults(nlohmann::json& object, const nlohmann::json& defaults) {
  for (auto at = object.begin(); at != object.end();) {
    const auto fresh = defaults.find(at.key());
    const bool known = fresh != defaults.end();
    if (known && at->is_object() && fresh->is_object()) remove_defaults(*at, *fresh);
    const bool empty = at->is_object() && at->empty() && (!known || fresh->is_object());
    at = empty || (known && *at == *fresh) ? object.erase(at) : std::next(at);
  }
}

class JsonWriter final : public Fields {
 public:
  JsonWriter(nlohmann::json& root, bool compact) : compact_(compact) { stack_.push_back(&root); }
  void field(std::string_view key, bool& value, const Rule&) override { put(key, value); }
  void field(std::string_view key, int64_t& value, const Range&) override { put(key, value); }
  void field(std::string_view key, double& value, const Range&) override { put(key, value); }
  void field(std::string_view key, std::string& value, const Rule&) override { put(key, value); }
  void field(std::string_view key, std::vector<std::string>& v, const Rule&) override {
    put(key, v);
  }
  void field(std::string_view key, std::vector<int64_t>& v, const Range&) override { put(key, v); }
  void field(std::string_view key, std::vector<double>& v, const Range&) override { put(key, v); }
  void field(std::string_view key, std::map<std::string, int64_t>& v, const Range&) override {
    put(key, v);
  }
  void field(std::string_view key, std::map<std::string, double>& v, const Range&) override {
    put(key, v);
  }
  void field(std::string_view key, std::map<std::string, std::string>& v, const Rule&) override {
    put(key, v);
  }
  void field(std::string_view key, std::optional<double>& v, const Range&) override {
    if (v) put(key, *v);
  }
  void field(std::string_view key, std::optional<int64_t>& v, const Range&) override {
    if (v) put(key, *v);
  }

 protected:
  bool enter(std::string_view key, const Rule&) override {
    nlohmann::json& child = (*stack_.back())[std::string(key)];
    child = nlohmann::json::object();
    stack_.push_back(&child);
    return true;
  }
  void leave() override { stack_.pop_back(); }
  size_t enter_list(std::string_view key, size_t size, const Rule&,
                    const Describe& describe_default) override {
    nlohmann::json& child = (*stack_.back())[std::string(key)];
    child = nlohmann::json::array();
    for (size_t i = 0; i < size; ++i) child.push_back(nlohmann::json::object());
    stack_.push_back(&child);
    item_defaults_.push_back(nlohmann::json::object());
    if (compact_) {
      JsonWriter defaults(item_defaults_.back(), compact_);
      describe_default(defaults);
    }
    return size;
  }
  void enter_item(size_t index) override { stack_.push_back(&(*stack_.back())[index]); }
  void leave_list() override {
    if (compact_)
      for (nlohmann::json& item : *stack_.back()) remove_defaults(item, item_defaults_.back());
    item_defaults_.pop_back();
    stack_.pop_back();
  }

 private:
  template <typename T>
  void put(std::string_view key, const T& value) {
    (*stack_.back())[std::string(key)] = value;
  }
  bool compact_;
  std::vector<nlohmann::json*> stack_;
  std::vector<nlohmann::json> item_defaults_;  // of the lists that are open
};

template <typename List, bool is_map>
struct ItemOf {
  using type = typename List::value_type;
};
template <typename Map>
struct ItemOf<Map, true> {
  using type = typename Map::mapped_type;
};

// Reads a JSON object; keys nobody asked for are errors when the object is left.
class JsonReader final : public Fields {
 public:
  JsonReader(const nlohmann::json& root, std::string where) : where_(std::move(where)) {
    push(root, "");
  }
  void finish() { pop(); }

  void field(std::string_view key, bool& value, const Rule&) override { get(key, value); }
  void field(std::string_view key, int64_t& value, const Range& range) override {
    if (get(key, value)) check_range(key, static_cast<double>(value), range);
  }
  void field(std::string_view key, double& value, const Range& range) override {
    if (get(key, value)) check_range(key, value, range);
  }
  void field(std::string_view key, std::string& value, const Rule& rule) override {
    if (get(key, value)) check_text(key, value, rule);
  }
  void field(std::string_view key, std::vector<std::string>& v, const Rule& rule) override {
    get(key, v);
    for (const std::string& item : v) check_text(key, item, rule);
  }
  void field(std::string_view key, std::vector<int64_t>& v, const Range& range) override {
    get(key, v);
    for (const int64_t item : v) check_range(key, static_cast<double>(item), range);
  }
  void field(std::string_view key, std::vector<double>& v, const Range& range) override {
    get(key, v);
    for (const double item : v) check_range(key, item, range);
  }
  void field(std::string_view key, std::map<std::string, int64_t>& v, const Range& range) override {
    get(key, v);
    for (const auto& [name, item] : v) check_range(key, static_cast<double>(item), range);
  }
  void field(std::string_view key, std::map<std::string, double>& v, const Range& range) override {
    get(key, v);
    for (const auto& [name, item] : v) check_range(key, item, range);
  }
  void field(std::string_view key, std::map<std::string, std::string>& v,
             const Rule& rule) override {
    get(key, v);
    for (const auto& [name, item] : v) check_text(key, item, rule);
  }
  void field(std::string_view key, std::optional<double>& v, const Range& range) override {
    double number = 0;
    if (!get(key, number)) return;
    check_range(key, number, range);
    v = number;
  }
  void field(std::string_view key, std::optional<int64_t>& v, const Range& range) override {
    int64_t number = 0;
    if (!get(key, number)) return;
    check_range(key, static_cast<double>(number), range);
    v = number;
  }

 protected:
  bool enter(std::string_view key, const Rule&) override {
    const nlohmann::json* found = member(key);
    if (found == nullptr) return false;
    push(*found, key);
    return true;
  }
  void leave() override { pop(); }
  size_t enter_list(std::string_view key, size_t, const Rule&, const Describe&) override {
    static const nlohmann::json kEmpty = nlohmann::json::array();
    const nlohmann::json* found = member(key);
    if (found != nullptr && !found->is_array()) unreadable(key);
    lists_.push_back(found == nullptr ? &kEmpty : found);
    return lists_.back()->size();
  }
  void enter_item(size_t index) override { push((*lists_.back())[index], "an item"); }
  void leave_list() override { lists_.pop_back(); }

 private:
  struct Level {
    const nlohmann::json* object;
    size_t known = 0;  // members that were asked for and are there
  };

  void push(const nlohmann::json& object, std::string_view key) {
    if (!object.is_object()) unreadable(key);
    levels_.push_back({&object});
  }
  void pop() {
    const Level level = levels_.back();
    levels_.pop_back();
    if (level.known < level.object->size())
      throw Error("{}: holds a field that this version does not know; it was written by another",
                  where_);
  }
  const nlohmann::json* member(std::string_view key) {
    const auto at = levels_.back().object->find(std::string(key));
    if (at == levels_.back().object->end()) return nullptr;
    ++levels_.back().known;
    return &*at;
  }
  // False when the field is absent.
  template <typename T>
  bool get(std::string_view key, T& value) {
    const nlohmann::json* found = member(key);
    if (found == nullptr) return false;
    if (!is_a<T>(*found)) unreadable(key);
    value = found->get<T>();
    return true;
  }
  // The library itself takes true for 1 and 2.5 for 2.
  template <typename T>
  static bool is_a(const nlohmann::json& value) {
    if constexpr (std::is_same_v<T, bool>)
      return value.is_boolean();
    else if constexpr (std::is_same_v<T, int64_t>)
      return value.is_number_integer();
    else if constexpr (std::is_same_v<T, double>)
      return value.is_number();
    else if constexpr (std::is_same_v<T, std::string>)
      return value.is_string();
    else
      return all_are<T>(value);
  }
  template <typename List>
  static bool all_are(const nlohmann::json& value) {
    constexpr bool kIsMap = requires { typename List::mapped_type; };
    using Item = typename ItemOf<List, kIsMap>::type;
    return (kIsMap ? value.is_object() : value.is_array()) &&
           std::all_of(value.begin(), value.end(),
                       [](const nlohmann::json& item) { return is_a<Item>(item); });
  }
  void check_range(std::string_view key, double value, const Range& range) const {
    if (const std::string problem = range.problem(value); !problem.empty())
      throw Error("{}: field '{}' = {}: {}; the file is damaged or was written by another version",
                  where_, key, value, problem);
  }
  void check_text(std::string_view key, const std::string& text, const Rule& rule) const {
    if (const std::string problem = problem_of(text, rule); !problem.empty())
      throw Error("{}: field '{}' = '{}': {}; it was written by another version", where_, key, text,
                  problem);
  }
  [[noreturn]] void unreadable(std::string_view key) const {
    throw Error(
        "{}: field '{}' is of the wrong type; the file is damaged or was written by another "
        "version",
        where_, key);
  }

  std::string where_;
  std::vector<Level> levels_;
  std::vector<const nlohmann::json*> lists_;
};

}  // namespace

nlohmann::json write_json(const Describe& describe_fields, const Describe& describe_defaults) {
  nlohmann::json root = nlohmann::json::object(), defaults = nlohmann::json::object();
  JsonWriter writer(root, /*compact=*/true), defaults_writer(defaults, /*compact=*/true);
  describe_fields(writer);
  describe_defaults(defaults_writer);
  remove_defaults(root, defaults);
  return root;
}

nlohmann::json write_all_json(const Describe& describe_fields) {
  nlohmann::json root = nlohmann::json::object();
  JsonWriter writer(root, /*compact=*/false);
  describe_fields(writer);
  return root;
}

void read_json(const nlohmann::json& object, const Describe& describe_fields,
               const std::string& where) {
  JsonReader reader(object, where);
  describe_fields(reader);
  reader.finish();
}

}  // namespace repro::config
