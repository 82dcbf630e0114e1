#include "config/fields.hpp"

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
  void field(std::string_view key, int64_t& value, const Range& range) override {
    if (const Node* node = find(key, range)) read_integer(*node, key, value, range);
  }
  void field(std::string_view key, double& value, const Range& range) override {
    if (const Node* node = find(key, range)) read_number(*node, key, value, range);
  }
  void field(std::string_view key, std::string& value, const Rule& rule) override {
    if (const Node* node = find(key, rule)) read_text(*node, key, value, rule);
  }
  void field(std::string_view key, std::vector<std::string>& values, const Rule& rule) override {
    read_array(key, values, rule, "strings", [&](const Node& item, std::string& value) {
      return read_text(item, key, value, rule);
    });
  }
  void field(std::string_view key, std::vector<int64_t>& values, const Range& range) override {
    read_array(key, values, range, "integers", [&](const Node& item, int64_t& value) {
      return read_integer(item, key, value, range);
    });
  }
  void field(std::string_view key, std::vector<double>& values, const Range& range) override {
    read_array(key, values, range, "numbers", [&](const Node& item, double& value) {
      return read_number(item, key, value, range);
    });
  }
  void field(std::string_view key, std::map<std::string, int64_t>& values,
             const Range& range) override {
    read_map(key, values, range, "integers",
             [&](const Node& item, const std::string& name, int64_t& value) {
               return read_integer(item, name, value, range);
             });
  }
  void field(std::string_view key, std::map<std::string, double>& values,
             const Range& range) override {
    read_map(key, values, range, "numbers",
             [&](const Node& item, const std::string& name, double& value) {
               return read_number(item, name, value, range);
             });
  }
  void field(std::string_view key, std::map<std::string, std::string>& values,
             const Rule& rule) override {
    read_map(key, values, rule, "strings",
             [&](const Node& item, const std::string& name, std::string& value) {
               return read_text(item, name, value, rule);
             });
  }
  void field(std::string_view key, std::optional<double>& value, const Range& range) override {
    double number = 0;
    if (const Node* node = find(key, range))
      if (read_number(*node, key, number, range)) value = number;
  }
  void field(std::string_view key, std::optional<int64_t>& value, const Range& range) override {
    int64_t number = 0;
    if (const Node* node = find(key, range))
      if (read_integer(*node, key, number, range)) value = number;
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

  template <typename Asked>  // a Rule, or a Range
  const Node* find(std::string_view key, const Asked& asked) {
    levels_.back().known.emplace_back(key);
    const Node* node = peek(key);
    if (node == nullptr && asked.required)
      problems_.add(levels_.back().node->source, "missing key '{}'", path(key));
    return node;
  }

  template <typename T>
  static bool assign(const Node& node, T& value) {
    const T* found = std::get_if<T>(&node.value);
    if (found != nullptr) value = *found;
    return found != nullptr;
  }

  // Each false after the problem was told, the value then being as it was.
  bool read_text(const Node& node, std::string_view key, std::string& value, const Rule& rule) {
    std::string text;
    if (!assign<std::string>(node, text)) return wrong_type(node, key, "a string");
    if (const std::string problem = problem_of(text, rule); !problem.empty())
      return tell(node, key, problem);
    value = text;
    return true;
  }

  bool read_integer(const Node& node, std::string_view key, int64_t& value, const Range& range) {
    int64_t number = 0;
    if (!assign<int64_t>(node, number)) return wrong_type(node, key, "an integer");
    if (const std::string problem = range.problem(static_cast<double>(number)); !problem.empty())
      return tell(node, key, problem);
    value = number;
    return true;
  }

  bool read_number(const Node& node, std::string_view key, double& value, const Range& range) {
    double number = 0;
    if (const int64_t* integer = std::get_if<int64_t>(&node.value))
      number = static_cast<double>(*integer);
    else if (!assign<double>(node, number))
      return wrong_type(node, key, "a number");
    if (const std::string problem = range.problem(number); !problem.empty())
      return tell(node, key, problem);
    value = number;
    return true;
  }

  template <typename T, typename Asked, typename ReadItem>
  void read_array(std::string_view key, std::vector<T>& values, const Asked& asked,
                  const char* items, const ReadItem& read_item) {
    const Node* node = find(key, asked);
    if (node == nullptr) return;
    if (node->array() == nullptr)
      return void(wrong_type(*node, key, fmt::format("an array of {}", items)));
    values.clear();
    for (const Node& item : *node->array())
      if (T value{}; read_item(item, value)) values.push_back(std::move(value));
  }

  template <typename T, typename Asked, typename ReadItem>
  void read_map(std::string_view key, std::map<std::string, T>& values, const Asked& asked,
                const char* items, const ReadItem& read_item) {
    const Node* node = find(key, asked);
    if (node == nullptr) return;
    if (node->table() == nullptr)
      return void(wrong_type(*node, key, fmt::format("a table of {}", items)));
    values.clear();
    for (const auto& [name, item] : *node->table())
      if (T value{}; read_item(item, fmt::format("{}.{}", key, name), value))
        values[name] = std::move(value);
  }

  bool tell(const Node& node, std::string_view key, const std::string& problem) {
    problems_.add(node.source, "{} = {}: {}", path(key), node.text(), problem);
    return false;
  }

  bool wrong_type(const Node& node, std::string_view key, std::string_view expected) {
    return tell(node, key, fmt::format("expected {}, got {}", expected, node.type_name()));
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
