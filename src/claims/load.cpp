#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "claims/claims.hpp"
#include "claims/printed_number.hpp"
#include "claims/references.hpp"
#include "config/library.hpp"

namespace repro::claims {

void describe(config::Fields& fields, ClaimColumn& column) {
  fields.field("id", column.id, config::required());
  fields.field("title", column.title);
  fields.field("unit", column.unit);
  fields.field("rounded", column.rounded);
  fields.field("cut_off", column.cut_off);
}

void describe(config::Fields& fields, ClaimFact& fact) {
  fields.field("name", fact.name, config::required());
  fields.field("origin", fact.origin,
               config::one_of({"paper", "assumed", "unknown"}) + config::required());
  fields.field("value", fact.value);
  fields.field("matters", fact.matters);
}

namespace {

// A [[table]] without its rows, which are arrays of strings.
struct TableHead {
  ClaimTable table;
};
void describe(config::Fields& fields, TableHead& head) {
  fields.field("id", head.table.id, config::required());
  fields.field("title", head.table.title);
  fields.field("where", head.table.where);
  fields.field("keys", head.table.keys, config::required());
  fields.field("heading", head.table.heading);
  fields.field("ragged", head.table.ragged);
  fields.list("columns", head.table.columns, config::required());
}

struct ConstantFields {
  std::string id, value, unit, where, origin = "paper";
  bool rounded = false;
};
void describe(config::Fields& fields, ConstantFields& constant) {
  fields.field("id", constant.id, config::required());
  fields.field("value", constant.value, config::required());
  fields.field("unit", constant.unit);
  fields.field("where", constant.where);
  fields.field("origin", constant.origin, config::one_of({"paper", "assumed", "public"}));
  fields.field("rounded", constant.rounded);
}

struct ModelFields {
  ClaimModel model;
  std::string submodel_of;  // id of a model before: one expert of it, no gate
};
void describe(config::Fields& fields, ModelFields& entry) {
  fields.field("id", entry.model.id, config::required());
  fields.field("title", entry.model.title);
  fields.field("key", entry.model.key, config::required());
  fields.field("role", entry.model.role, config::required());
  fields.field("reading", entry.model.reading);
  fields.field("submodel_of", entry.submodel_of);
  fields.table("shape", entry.model.shape);
}

struct Header {
  std::string title, source;
  std::map<std::string, std::string> titles;
};
void describe(config::Fields& fields, Header& header) {
  fields.field("title", header.title, config::required());
  fields.field("source", header.source, config::required());
  fields.field("titles", header.titles);
}

class Loader {
 public:
  Loader(config::Node root, Claims& claims, config::Problems& problems)
      : root_(std::move(root)), claims_(claims), problems_(problems) {}

  void load() {
    for (config::Node& table : take("table")) load_table(std::move(table));
    for (const config::Node& node : take("constant")) load_constant(node);
    for (const config::Node& node : take("model")) load_model(node);
    for (const config::Node& node : take("fact"))
      claims_.facts.push_back(config::from_node<ClaimFact>(node, problems_));
    for (const config::Node& node : take("check"))
      if (auto check = read_check(node, problems_)) claims_.checks.push_back(std::move(*check));
    for (const config::Node& node : take("quantity"))
      claims_.quantities.push_back(read_quantity(node, problems_));
    for (const config::Node& node : take("view"))
      claims_.views.push_back(read_view(node, problems_));
    const auto header = config::from_node<Header>(root_, problems_);
    claims_.title = header.title;
    claims_.source = header.source;
    claims_.titles = header.titles;
  }

 private:
  // Moves a list of tables out of the root, so that what is left is the header.
  config::Node::Array take(const char* key) {
    auto& members = std::get<config::Node::Table>(root_.value);
    const auto found = members.find(key);
    if (found == members.end()) return {};
    config::Node node = std::move(found->second);
    members.erase(found);
    auto* items = std::get_if<config::Node::Array>(&node.value);
    const auto is_table = [](const config::Node& item) { return item.table() != nullptr; };
    if (items != nullptr && std::all_of(items->begin(), items->end(), is_table))
      return std::move(*items);
    problems_.add(node.source, "{}: expected tables; write [[{}]]", key, key);
    return {};
  }

  void load_table(config::Node node) {
    auto& members = std::get<config::Node::Table>(node.value);
    config::Node rows{config::Node::Array{}, node.source};
    if (const auto found = members.find("rows"); found != members.end()) {
      rows = std::move(found->second);
      members.erase(found);
    }
    ClaimTable table = config::from_node<TableHead>(node, problems_).table;
    table.source = node.source;
    if (claims_.table(table.id) != nullptr)
      problems_.add(node.source, "table '{}' is declared twice", table.id);
    if (rows.array() == nullptr)
      problems_.add(rows.source, "rows: expected an array of arrays of strings");
    else
      for (const config::Node& row : *rows.array()) load_row(row, table);
    claims_.tables.push_back(std::move(table));
  }

  void load_row(const config::Node& node, ClaimTable& table) {
    const size_t width = table.keys.size() + table.columns.size();
    const auto* parts = node.array();
    const bool short_row = table.ragged && parts != nullptr && parts->size() < width &&
                           parts->size() > table.keys.size();
    if (parts == nullptr || (parts->size() != width && !short_row))
      return problems_.add(node.source, "a row of table '{}' has {} cells, expected {}: {} and {}",
                           table.id, parts == nullptr ? 0 : parts->size(), width,
                           join(table.keys, ", "), join(column_ids(table), ", "));
    ClaimRow row;
    row.source = node.source;
    row.printed_cells = parts->size() - table.keys.size();
    for (size_t i = 0; i < parts->size(); ++i) {
      const std::string* text = (*parts)[i].string();
      if (text == nullptr)
        return problems_.add(node.source,
                             "{}: expected a string, got {}; write numbers as printed, in quotes",
                             (*parts)[i].text(), (*parts)[i].type_name());
      if (i < table.keys.size())
        row.keys.push_back(*text);
      else if (short_row)  // under which name each belongs is not known: no number of a formula
        row.cells.push_back({.printed = *text, .value = {}, .decimals = 0});
      else
        row.cells.push_back(load_cell(*text, table.columns[i - table.keys.size()], node.source));
    }
    row.cells.resize(table.columns.size());
    row.id = join(row.keys, "/");
    if (!table.row_index.emplace(row.id, table.rows.size()).second)
      return problems_.add(node.source, "row '{}' of table '{}' is given twice", row.id, table.id);
    table.rows.push_back(std::move(row));
  }

  static std::vector<std::string> column_ids(const ClaimTable& table) {
    std::vector<std::string> ids;
    for (const ClaimColumn& column : table.columns) ids.push_back(column.id);
    return ids;
  }

  ClaimCell load_cell(const std::string& printed, const ClaimColumn& column,
                      const config::Source& source) {
    ClaimCell text{.printed = printed, .value = {}, .decimals = 0};
    if (printed.empty() || column.unit == "text") return text;
    auto cell = parse_number(printed, column.rounded || column.cut_off);
    if (!cell) {
      problems_.add(source, "{} = \"{}\": not a number; \"\" where the paper gives none", column.id,
                    printed);
      return text;
    }
    static const std::vector<std::string> kCounted = {"h", "USD", "USD/h", "steps", "items"};
    if (*cell->value < 0 &&
        std::find(kCounted.begin(), kCounted.end(), column.unit) != kCounted.end())
      problems_.add(source, "{} = {} {}: must not be negative", column.id, printed, column.unit);
    cell->cut_off = column.cut_off;
    return *cell;
  }

  void load_constant(const config::Node& node) {
    const auto fields = config::from_node<ConstantFields>(node, problems_);
    const auto cell = parse_number(fields.value, fields.rounded);
    if (!cell && !fields.value.empty())
      problems_.add(node.source, "constant '{}' = \"{}\": not a number", fields.id, fields.value);
    if (fields.id.find("price") != std::string::npos && fields.unit.empty())
      problems_.add(node.source, "constant '{}' is a price without a unit; add unit = \"USD/h\"",
                    fields.id);
    if (claims_.constant(fields.id) != nullptr)
      problems_.add(node.source, "constant '{}' is given twice", fields.id);
    claims_.constants.push_back({fields.id, cell.value_or(ClaimCell{}), fields.unit, fields.where,
                                 fields.origin, node.source});
  }

  void load_model(const config::Node& node) {
    auto fields = config::from_node<ModelFields>(node, problems_);
    ClaimModel& model = fields.model;
    if (!fields.submodel_of.empty()) {
      const auto whole = std::find_if(claims_.models.begin(), claims_.models.end(),
                                      [&](const auto& m) { return m.id == fields.submodel_of; });
      if (whole == claims_.models.end())
        return problems_.add(node.source, "submodel_of = \"{}\": no model of that id before it",
                             fields.submodel_of);
      model.shape = config::one_expert(whole->shape);
    } else if (node.find("shape") == nullptr) {
      problems_.add(node.source, "model '{}' needs a shape, or submodel_of", model.id);
    } else {
      validate(model.shape, node.source, problems_);
    }
    claims_.models.push_back(std::move(model));
  }

  config::Node root_;
  Claims& claims_;
  config::Problems& problems_;
};

}  // namespace

Claims load_claims(const std::filesystem::path& path, const std::string& shown_as) {
  Claims claims;
  config::Problems problems;
  claims.name = path.stem().string();
  Loader(config::read_toml(path, shown_as), claims, problems).load();
  problems.throw_if_any();
  check_references(claims, problems);
  check_quantities(claims, problems);
  problems.throw_if_any();
  return claims;
}

std::vector<std::string> claims_names(const std::filesystem::path& root) {
  return config::library_names(root, "experiments/claims");
}

Claims find_claims(const std::filesystem::path& root, const std::string& name) {
  const auto file = config::find_file(root, "experiments/claims", name, "claims");
  return load_claims(file.path, file.shown_as);
}

}  // namespace repro::claims
