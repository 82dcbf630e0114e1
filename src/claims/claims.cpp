#include "claims/claims.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace repro::claims {
namespace {

template <typename T>
const T* find_by_id(const std::vector<T>& all, std::string_view id) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const T& one) { return one.id == id; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

double ClaimCell::half_unit() const { return 0.5 * std::pow(10.0, -decimals); }

std::optional<size_t> ClaimTable::column(std::string_view column_id) const {
  for (size_t i = 0; i < columns.size(); ++i)
    if (columns[i].id == column_id) return i;
  return std::nullopt;
}

const ClaimRow* ClaimTable::row(std::string_view row_id) const {
  const auto found = row_index.find(std::string(row_id));
  return found == row_index.end() ? nullptr : &rows[found->second];
}

const Quantity* Claims::quantity(std::string_view id) const { return find_by_id(quantities, id); }
const View* Claims::view(std::string_view id) const { return find_by_id(views, id); }
const ClaimTable* Claims::table(std::string_view id) const { return find_by_id(tables, id); }
const ClaimConstant* Claims::constant(std::string_view id) const {
  return find_by_id(constants, id);
}

std::vector<const ClaimModel*> Claims::models_of(const ClaimRow& row, std::string_view role,
                                                 std::string_view reading) const {
  std::vector<const ClaimModel*> found;
  for (const ClaimModel& model : models)
    if (model.role == role &&
        (reading.empty() || model.reading.empty() || model.reading == reading) &&
        std::find(row.keys.begin(), row.keys.end(), model.key) != row.keys.end())
      found.push_back(&model);
  return found;
}

std::vector<std::string> Claims::titles_of(const ClaimRow& row) const {
  std::vector<std::string> parts;
  for (const std::string& key : row.keys) {
    const auto known = titles.find(key);
    parts.push_back(known == titles.end() ? key : known->second);
  }
  return parts;
}

std::string Claims::title_of(const ClaimRow& row) const { return join(titles_of(row), " / "); }

const ClaimCell* Claims::cell(std::string_view table_id, std::string_view row_id,
                              std::string_view column_id) const {
  const ClaimTable* in = table(table_id);
  if (in == nullptr) return nullptr;
  const ClaimRow* at = in->row(row_id);
  const auto index = in->column(column_id);
  if (at == nullptr || !index || at->cells[*index].printed.empty()) return nullptr;
  return &at->cells[*index];
}

std::optional<double> Claims::value(std::string_view table_id, std::string_view row_id,
                                    std::string_view column_id) const {
  const ClaimCell* found = cell(table_id, row_id, column_id);
  return found == nullptr ? std::nullopt : found->value;
}

}  // namespace repro::claims
