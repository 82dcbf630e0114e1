// A described struct as canonical JSON, and back.
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "config/fields.hpp"

namespace repro::config {
namespace {

class JsonWriter final : public Fields {
 public:
  explicit JsonWriter(nlohmann::json& root) { stack_.push_back(&root); }
  void field(std::string_view key, bool& value, const Rule&) override { put(key, value); }
  void field(std::string_view key, int64_t& value, const Rule&) override { put(key, value); }
  void field(std::string_view key, double& value, const Rule&) override { put(key, value); }
  void field(std::string_view key, std::string& value, const Rule&) override { put(key, value); }
  void field(std::string_view key, std::vector<std::string>& v, const Rule&) override {
    put(key, v);
  }
  void field(std::string_view key, std::vector<int64_t>& v, const Rule&) override { put(key, v); }
  void field(std::string_view key, std::vector<double>& v, const Rule&) override { put(key, v); }
  void field(std::string_view key, std::map<std::string, int64_t>& v, const Rule&) override {
    put(key, v);
  }
  void field(std::string_view key, std::map<std::string, std::string>& v, const Rule&) override {
    put(key, v);
  }
  void field(std::string_view key, std::optional<double>& v, const Rule&) override {
    (*stack_.back())[std::string(key)] = v ? nlohmann::json(*v) : nlohmann::json();
  }
  void field(std::string_view key, std::optional<int64_t>& v, const Rule&) override {
    (*stack_.back())[std::string(key)] = v ? nlohmann::json(*v) : nlohmann::json();
  }

 protected:
  bool enter(std::string_view key, const Rule&) override {
    nlohmann::json& child = (*stack_.back())[std::string(key)];
    child = nlohmann::json::object();
    stack_.push_back(&child);
    return true;
  }
  void leave() override { stack_.pop_back(); }
  size_t enter_list(std::string_view key, size_t size, const Rule&) override {
    nlohmann::json& child = (*stack_.back())[std::string(key)];
    child = nlohmann::json::array();
    for (size_t i = 0; i < size; ++i) child.push_back(nlohmann::json::object());
    stack_.push_back(&child);
    return size;
  }
  void enter_item(size_t index) override { stack_.push_back(&(*stack_.back())[index]); }
  void leave_list() override { stack_.pop_back(); }

 private:
  template <typename T>
  void put(std::string_view key, const T& value) {
    (*stack_.back())[std::string(key)] = value;
  }
  std::vector<nlohmann::json*> stack_;
};

class JsonReader final : public Fields {
 public:
  JsonReader(const nlohmann::json& root, std::string where) : where_(std::move(where)) {
    stack_.push_back(&root);
  }
  void field(std::string_view key, bool& value, const Rule&) override { get(key, value); }
  void field(std::string_view key, int64_t& value, const Rule&) override { get(key, value); }
  void field(std::string_view key, double& value, const Rule&) override { get(key, value); }
  void field(std::string_view key, std::string& value, const Rule&) override { get(key, value); }
  void field(std::string_view key, std::vector<std::string>& v, const Rule&) override {
    get(key, v);
  }
  void field(std::string_view key, std::vector<int64_t>& v, const Rule&) override { get(key, v); }
  void field(std::string_view key, std::vector<double>& v, const Rule&) override { get(key, v); }
  void field(std::string_view key, std::map<std::string, int64_t>& v, const Rule&) override {
    get(key, v);
  }
  void field(std::string_view key, std::map<std::string, std::string>& v, const Rule&) override {
    get(key, v);
  }
  void field(std::string_view key, std::optional<double>& v, const Rule&) override {
    optional(key, v);
  }
  void field(std::string_view key, std::optional<int64_t>& v, const Rule&) override {
    optional(key, v);
  }

 protected:
  bool enter(std::string_view key, const Rule&) override {
    stack_.push_back(&member(key));
    return true;
  }
  void leave() override { stack_.pop_back(); }
  size_t enter_list(std::string_view key, size_t, const Rule&) override {
    stack_.push_back(&member(key));
    if (!stack_.back()->is_array()) unreadable(key);
    return stack_.back()->size();
  }
  void enter_item(size_t index) override { stack_.push_back(&(*stack_.back())[index]); }
  void leave_list() override { stack_.pop_back(); }

 private:
  const nlohmann::json& member(std::string_view key) {
    const auto at = stack_.back()->find(std::string(key));
    if (!stack_.back()->is_object() || at == stack_.back()->end()) unreadable(key);
    return *at;
  }
  template <typename T>
  void get(std::string_view key, T& value) {
    try {
      value = member(key).get<T>();
    } catch (const nlohmann::json::exception&) {
      unreadable(key);
    }
  }
  template <typename T>
  void optional(std::string_view key, std::optional<T>& value) {
    if (member(key).is_null()) return value.reset();
    T number{};
    get(key, number);
    value = number;
  }
  [[noreturn]] void unreadable(std::string_view key) const {
    throw Error(
        "{}: field '{}' is missing or of the wrong type; the file is damaged or was written "
        "by another version",
        where_, key);
  }

  std::string where_;
  std::vector<const nlohmann::json*> stack_;
};

}  // namespace

nlohmann::json write_json(const Describe& describe_fields) {
  nlohmann::json root = nlohmann::json::object();
  JsonWriter writer(root);
  describe_fields(writer);
  return root;
}

void read_json(const nlohmann::json& object, const Describe& describe_fields,
               const std::string& where) {
  JsonReader reader(object, where);
  describe_fields(reader);
}

}  // namespace repro::config
