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

// Whether a number may be a fraction is the struct's to say when it is read.
bool same_kind(const Node& before, const Node& after) {
  return before.value.index() == after.value.index() || (is_number(before) && is_number(after));
}

}  // namespace

std::string Source::text() const { return line > 0 ? fmt::format("{}:{}", file, line) : file; }

const Node* Node::find(std::string_view path) const {
  const Node* node = this;
  while (true) {
    const size_t dot = path.find('.');
    const Table* members = node->table();
    if (members == nullptr) return nullptr;
    const auto at = members->find(path.substr(0, dot));
    if (at == members->end()) return nullptr;
    node = &at->second;
    if (dot == std::string_view::npos) return node;
    path.remove_prefix(dot + 1);
  }
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

void set_path(Node& root, std::string_view path, Node value, Problems& problems) {
  Node* node = &root;
  std::string_view rest = path;
  while (true) {
    const size_t dot = rest.find('.');
    auto* members = std::get_if<Node::Table>(&node->value);
    if (members == nullptr) {
      problems.add(value.source, "'{}': '{}' is no table there", path, rest);
      return;
    }
    const std::string key(rest.substr(0, dot));
    auto [at, made] = members->try_emplace(key);
    // A table made on the way belongs to the file that lacks it: its missing keys are missing
    // there.
    if (made) at->second = {Node::Table{}, root.source};
    node = &at->second;
    if (dot == std::string_view::npos) {
      if (!made && !same_kind(*node, value)) {
        problems.add(value.source, "'{}' = {}: expected {} as in {}, got {}", path, value.text(),
                     node->type_name(), node->source.text(), value.type_name());
        return;
      }
      *node = std::move(value);
      return;
    }
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace repro::config
