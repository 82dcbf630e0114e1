#include "plan/arms.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "base/text.hpp"
#include "plan/methods.hpp"

namespace repro::plan {
namespace {

constexpr auto kMethods = std::make_index_sequence<std::variant_size_v<Arm>>{};

template <size_t... Index>
std::vector<std::string> names_of_methods(std::index_sequence<Index...>) {
  return {std::string(std::variant_alternative_t<Index, Arm>::kMethod)...};
}

// Reads the alternative whose method is `method`.
template <size_t... Index>
std::optional<Arm> read_method(const std::string& method, const config::Node& node,
                               config::Problems& problems, std::index_sequence<Index...>) {
  std::optional<Arm> arm;
  const auto attempt = [&]<typename Method>(std::type_identity<Method>) {
    if (method == Method::kMethod) arm = config::from_node<Method>(node, problems);
  };
  (attempt(std::type_identity<std::variant_alternative_t<Index, Arm>>{}), ...);
  return arm;
}

// The leaves below a table, as dotted paths.
void collect(const config::Node& node, const std::string& prefix,
             std::vector<std::pair<std::string, config::Node>>& leaves) {
  for (const auto& [key, value] : *node.table()) {
    const std::string path = prefix.empty() ? key : prefix + "." + key;
    if (value.table() != nullptr)
      collect(value, path, leaves);
    else
      leaves.emplace_back(path, value);
  }
}

}  // namespace

const ArmHead& head_of(const Arm& arm) {
  return std::visit([](const auto& one) -> const ArmHead& { return one.head; }, arm);
}

std::string method_of(const Arm& arm) {
  return std::visit([](const auto& one) { return std::string(one.kMethod); }, arm);
}

std::string title_of(const Arm& arm) {
  const std::string& own = head_of(arm).title;
  return own.empty() ? std::visit([](const auto& one) { return std::string(one.kTitle); }, arm)
                     : own;
}

std::vector<std::string> profiles_of(const Arm& arm) {
  return std::visit([](const auto& one) { return profiles(one); }, arm);
}

std::vector<std::string> method_names() { return names_of_methods(kMethods); }

nlohmann::json to_full_json(const Arm& arm) {
  return std::visit([](const auto& one) { return config::to_full_json(one); }, arm);
}

void describe_head(config::Fields& fields, ArmHead& head, const char* method) {
  std::string said = method;
  fields.field("name", head.name, config::required() + config::word());
  fields.field("title", head.title);
  fields.field("dense", head.dense);
  fields.field("method", said, config::one_of({method}) + config::required());
}

std::optional<Arm> read_arm(const config::Node& node, config::Problems& problems) {
  const std::vector<std::string> known = method_names();
  const config::Node* method = node.table() != nullptr ? node.find("method") : nullptr;
  if (method == nullptr || method->string() == nullptr) {
    problems.add(node.source, "an arm needs method = one of {}", join(known, ", "));
    return std::nullopt;
  }
  // What the arm says of its model is laid over the model's own values later.
  config::Node rest = node;
  std::vector<std::pair<std::string, config::Node>> model;
  auto& members = std::get<config::Node::Table>(rest.value);
  if (const auto at = members.find("model"); at != members.end()) {
    if (at->second.table() == nullptr)
      problems.add(at->second.source, "model: expected a table of the model's values");
    else
      collect(at->second, "", model);
    members.erase(at);
  }
  std::optional<Arm> arm = read_method(*method->string(), rest, problems, kMethods);
  if (!arm) {
    problems.add(method->source, "method = \"{}\": expected one of {}{}", *method->string(),
                 join(known, ", "), did_you_mean(*method->string(), known));
    return std::nullopt;
  }
  std::visit(
      [&](auto& one) {
        one.head.source = node.source;
        one.head.model = std::move(model);
      },
      *arm);
  return arm;
}

}  // namespace repro::plan
