#include "config/node.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro::config {
namespace {

template <typename... Ts>
struct Overload : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overload(Ts...) -> Overload<Ts...>;

bool is_number(const Node& node) {
  return std::holds_alternative<int64_t>(node.value) || std::holds_alternative<double>(node.value);
}

// The member of a list of tables that is called so, or null.
template <typename AnyNode>
AnyNode* find_named(AnyNode& list, std::string_view name) {
  auto* items = std::get_if<Node::Array>(&list.value);
  if (items == nullptr) return nullptr;
  for (auto& item : *items) {
    const Node* known = item.table() != nullptr ? item.find("name") : nullptr;
    if (known != nullptr && known->string() != nullptr && *known->string() == name) return &item;
  }
  return nullptr;
}

// Whether a number may be a fraction is the struct's to say when it is read.
bool same_kind(const Node& before, const Node& after) {
  return before.value.index() == after.value.index() || (is_number(before) && is_number(after));
}

}  // namespace

std::string Source::text() const { return line > 0 ? fmt::format("{}:{}", file, line) : file; }

const Node* Node::member(std::string_view key) const {
  const Table* members = table();
  if (members == nullptr) return find_named(*this, key);
  const auto at = members->find(key);
  return at == members->end() ? nullptr : &at->second;
}

const Node* Node::find(std::string_view path) const {
  const Node* node = this;
  while (node != nullptr) {
    const size_t dot = path.find('.');
    node = node->member(path.substr(0, dot));
    if (dot == std::string_view::npos) return node;
    path.remove_prefix(dot + 1);
  }
  return nullptr;
}

std::string Node::type_name() const {
  return std::visit(
      Overload{[](bool) { return "a boolean"; }, [](int64_t) { return "an integer"; },
               [](double) { return "a float"; }, [](const std::string&) { return "a string"; },
               [](const Array&) { return "an array"; }, [](const Table&) { return "a table"; }},
      value);
}

std::string Node::text() const {
  return std::visit(Overload{[](bool x) { return std::string(x ? "true" : "false"); },
                             [](int64_t x) { return fmt::format("{}", x); },
                             [](double x) { return fmt::format("{}", x); },
                             [](const std::string& x) { return fmt::format("\"{}\"", x); },
                             [](const Array& items) {
                               std::vector<std::string> texts;
                               for (const Node& item : items) texts.push_back(item.text());
                               return fmt::format("[{}]", join(texts, ", "));
                             },
                             [](const Table&) { return std::string("{...}"); }},
                    value);
}

void Problems::add_text(const Source& source, const std::string& text) {
  lines_.push_back(source.file.empty() ? text : fmt::format("{}: {}", source.text(), text));
}

void Problems::throw_if_any() const {
  if (!lines_.empty()) throw Error("{}", join(lines_, "\n"));
}

namespace {

// The member `key` of a table (made when missing: `made` says so) or of a list of named tables;
// null after the problem was told.
Node* enter(Node& node, const std::string& key, const Node& root, std::string_view path,
            const Node& value, bool& made, Problems& problems) {
  made = false;
  if (auto* members = std::get_if<Node::Table>(&node.value)) {
    const auto [at, is_new] = members->try_emplace(key);
    // A table made on the way belongs to the file that lacks it: its missing keys are missing
    // there.
    if (is_new) at->second = {Node::Table{}, root.source};
    made = is_new;
    return &at->second;
  }
  if (Node* found = find_named(node, key)) return found;
  const std::vector<std::string> known = names_of(node);
  if (known.empty())
    problems.add(value.source, "'{}': '{}' is in no table there", path, key);
  else
    problems.add(value.source, "'{}': there is no '{}'{}; there are: {}", path, key,
                 did_you_mean(key, known), join(known, ", "));
  return nullptr;
}

}  // namespace

void set_path(Node& root, std::string_view path, Node value, Problems& problems) {
  Node* node = &root;
  std::string_view rest = path;
  while (true) {
    const size_t dot = rest.find('.');
    bool made = false;
    node = enter(*node, std::string(rest.substr(0, dot)), root, path, value, made, problems);
    if (node == nullptr) return;
    if (dot == std::string_view::npos) {
      if (!made && !same_kind(*node, value))
        return problems.add(value.source, "'{}' = {}: expected {} as in {}, got {}", path,
                            value.text(), node->type_name(), node->source.text(),
                            value.type_name());
      *node = std::move(value);
      return;
    }
    rest.remove_prefix(dot + 1);
  }
}

std::vector<std::string> names_of(const Node& list) {
  std::vector<std::string> names;
  if (list.array() == nullptr) return names;
  for (const Node& item : *list.array())
    if (const Node* name = item.table() != nullptr ? item.find("name") : nullptr)
      if (name->string() != nullptr) names.push_back(*name->string());
  return names;
}

namespace {

// The members of a list of tables, or of a table whose keys are their names.
std::vector<Node> named_items(const Node& node) {
  if (node.array() != nullptr) return *node.array();
  std::vector<Node> items;
  for (const auto& [key, value] : *node.table()) {
    if (value.table() == nullptr) continue;
    items.push_back(value);
    std::get<Node::Table>(items.back().value).try_emplace("name", Node{key, value.source});
  }
  return items;
}

}  // namespace

void overlay(Node& base, const Node& top) {
  if (base.table() != nullptr && top.table() != nullptr) {
    for (const auto& [key, value] : *top.table()) {
      auto& members = std::get<Node::Table>(base.value);
      const auto at = members.find(key);
      if (at == members.end())
        members.emplace(key, value);
      else
        overlay(at->second, value);
    }
    return;
  }
  if (names_of(base).empty() || (top.table() == nullptr && names_of(top).empty())) {
    base = top;
    return;
  }
  for (const Node& item : named_items(top)) {
    const Node* name = item.find("name");
    Node* known = name && name->string() ? find_named(base, *name->string()) : nullptr;
    if (known != nullptr)
      overlay(*known, item);
    else
      std::get<Node::Array>(base.value).push_back(item);
  }
}

}  // namespace repro::config
