#include "config/fields.hpp"

#include <cmath>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro::config {
namespace {

// Reads a table node; keys nobody asked for are reported when the table is left.
class NodeReader final : public Fields {
 public:
  NodeReader(const Node& root, Problems& problems) : problems_(problems) { push(root, ""); }
  ~NodeReader() override { pop(); }

  void field(std::string_view key, bool& value, const Rule& rule) override {
    if (const Node* node = find(key, rule))
      if (!assign<bool>(*node, value)) wrong_type(*node, key, "true or false");
  }
  void field(std::string_view key, int64_t& value, const Rule& rule) override {
    const Node* node = find(key, rule);
    if (node == nullptr) return;
    if (!assign<int64_t>(*node, value)) return wrong_type(*node, key, "an integer");
    check_range(*node, key, static_cast<double>(value), rule);
  }
  void field(std::string_view key, double& value, const Rule& rule) override {
    const Node* node = find(key, rule);
    if (node != nullptr) read_number(*node, key, value, rule);
  }
  void field(std::string_view key, std::string& value, const Rule& rule) override {
    const Node* node = find(key, rule);
    if (node == nullptr) return;
    if (!assign<std::string>(*node, value)) return wrong_type(*node, key, "a string");
    if (rule.allowed.empty()) return;
    for (const std::string& name : rule.allowed)
      if (name == value) return;
    problems_.add(node->source, "{} = \"{}\": expected one of {}{}", path(key), value,
                  join(rule.allowed, ", "), did_you_mean(value, rule.allowed));
  }
  void field(std::string_view key, std::vector<std::string>& v, const Rule& rule) override {
    read_array<std::string>(key, v, rule, "strings");
  }
  void field(std::string_view key, std::vector<int64_t>& v, const Rule& rule) override {
    read_array<int64_t>(key, v, rule, "integers");
  }
  void field(std::string_view key, std::vector<double>& values, const Rule& rule) override {
    const Node* node = find(key, rule);
    if (node == nullptr) return;
    if (node->array() == nullptr) return wrong_type(*node, key, "an array of numbers");
    values.clear();
    for (const Node& item : *node->array()) {
      double value = 0;
      read_number(item, key, value, rule);
      values.push_back(value);
    }
  }
  void field(std::string_view key, std::map<std::string, int64_t>& v, const Rule& rule) override {
    read_map<int64_t>(key, v, rule, "a table of integers");
    for (const auto& [name, value] : v)
      check_range(*peek(key)->find(name), key, static_cast<double>(value), rule);
  }
  void field(std::string_view key, std::map<std::string, double>& values,
             const Rule& rule) override {
    const Node* node = find(key, rule);
    if (node == nullptr) return;
    if (node->table() == nullptr) return wrong_type(*node, key, "a table of numbers");
    values.clear();
    for (const auto& [name, item] : *node->table()) read_number(item, key, values[name], rule);
  }
  void field(std::string_view key, std::map<std::string, std::string>& v,
             const Rule& rule) override {
    read_map<std::string>(key, v, rule, "a table of strings");
  }
  void field(std::string_view key, std::optional<double>& value, const Rule& rule) override {
    const Node* node = find(key, rule);
    if (node == nullptr) return;
    double number = 0;
    read_number(*node, key, number, rule);
    value = number;
  }
  void field(std::string_view key, std::optional<int64_t>& value, const Rule& rule) override {
    if (peek(key) == nullptr) return void(find(key, rule));
    int64_t number = 0;
    field(key, number, rule);
    value = number;
  }

 protected:
  bool enter(std::string_view key, const Rule& rule) override {
    const Node* node = find(key, rule);
    if (node == nullptr) return false;
    if (node->table() == nullptr) {
      wrong_type(*node, key, "a table");
      return false;
    }
    push(*node, path(key));
    return true;
  }
  void leave() override { pop(); }
  size_t enter_list(std::string_view key, size_t, const Rule& rule,
                    const std::function<void(Fields&)>&) override {
    static const Node::Array kEmpty;
    const Node* node = find(key, rule);
    list_ = &kEmpty;
    list_path_ = path(key);
    if (node != nullptr && node->array() == nullptr)
      wrong_type(*node, key, "a list of tables");
    else if (node != nullptr)
      list_ = node->array();
    for (const Node& item : *list_) {
      if (item.table() != nullptr) continue;
      wrong_type(item, key, "a list of tables");
      list_ = &kEmpty;
      break;
    }
    lists_.push_back({list_, list_path_});
    return list_->size();
  }
  void enter_item(size_t index) override {
    const auto& [list, list_path] = lists_.back();
    push((*list)[index], fmt::format("{}[{}]", list_path, index));
  }
  void leave_list() override { lists_.pop_back(); }

 private:
  struct Level {
    const Node* node;
    std::string path;
    std::vector<std::string> known;
  };

  void push(const Node& node, std::string path) { levels_.push_back({&node, std::move(path), {}}); }

  void pop() {
    const Level level = std::move(levels_.back());
    levels_.pop_back();
    const std::set<std::string, std::less<>> known(level.known.begin(), level.known.end());
    for (const auto& [key, node] : *level.node->table())
      if (!known.contains(key))
        problems_.add(node.source, "unknown key '{}'{}{}", key,
                      level.path.empty() ? "" : fmt::format(" in [{}]", level.path),
                      did_you_mean(key, level.known));
  }

  std::string path(std::string_view key) const {
    const std::string& base = levels_.back().path;
    return base.empty() ? std::string(key) : fmt::format("{}.{}", base, key);
  }

  const Node* peek(std::string_view key) const {
    const Node::Table& table = *levels_.back().node->table();
    const auto at = table.find(key);
    return at == table.end() ? nullptr : &at->second;
  }

  const Node* find(std::string_view key, const Rule& rule) {
    levels_.back().known.emplace_back(key);
    const Node* node = peek(key);
    if (node == nullptr && rule.required)
      problems_.add(levels_.back().node->source, "missing key '{}'", path(key));
    return node;
  }

  template <typename T>
  static bool assign(const Node& node, T& value) {
    const T* found = std::get_if<T>(&node.value);
    if (found != nullptr) value = *found;
    return found != nullptr;
  }

  void read_number(const Node& node, std::string_view key, double& value, const Rule& rule) {
    if (const int64_t* integer = std::get_if<int64_t>(&node.value))
      value = static_cast<double>(*integer);
    else if (!assign<double>(node, value))
      return wrong_type(node, key, "a number");
    check_range(node, key, value, rule);
  }

  template <typename T>
  void read_array(std::string_view key, std::vector<T>& values, const Rule& rule,
                  const char* expected) {
    const Node* node = find(key, rule);
    if (node == nullptr) return;
    if (node->array() == nullptr)
      return wrong_type(*node, key, fmt::format("an array of {}", expected));
    values.clear();
    for (const Node& item : *node->array()) {
      T value{};
      if (!assign<T>(item, value)) wrong_type(item, key, fmt::format("an array of {}", expected));
      values.push_back(value);
    }
  }

  template <typename T>
  void read_map(std::string_view key, std::map<std::string, T>& values, const Rule& rule,
                const char* expected) {
    const Node* node = find(key, rule);
    if (node == nullptr) return;
    if (node->table() == nullptr) return wrong_type(*node, key, expected);
    values.clear();
    for (const auto& [name, item] : *node->table()) {
      T value{};
      if (!assign<T>(item, value))
        wrong_type(item, fmt::format("{}.{}", key, name), expected);
      else
        values[name] = value;
    }
  }

  void check_range(const Node& node, std::string_view key, double value, const Rule& rule) {
    if (!std::isfinite(value))
      problems_.add(node.source, "{} = {}: not a finite number", path(key), node.text());
    else if (value < rule.minimum || (rule.exclusive_minimum && value <= rule.minimum))
      problems_.add(node.source, "{} = {}: must be {} {}", path(key), node.text(),
                    rule.exclusive_minimum ? "more than" : "at least", rule.minimum);
    else if (value > rule.maximum)
      problems_.add(node.source, "{} = {}: must be at most {}", path(key), node.text(),
                    rule.maximum);
  }

  void wrong_type(const Node& node, std::string_view key, std::string_view expected) {
    problems_.add(node.source, "{} = {}: expected {}, got {}", path(key), node.text(), expected,
                  node.type_name());
  }

  Problems& problems_;
  std::vector<Level> levels_;
  const Node::Array* list_ = nullptr;
  std::string list_path_;
  std::vector<std::pair<const Node::Array*, std::string>> lists_;
};

}  // namespace

void read_node(const Node& table, const Describe& describe_fields, Problems& problems) {
  if (table.table() == nullptr) {
    problems.add(table.source, "expected a table, got {}", table.type_name());
    return;
  }
  NodeReader reader(table, problems);
  describe_fields(reader);
}

}  // namespace repro::config
