#include <fmt/format.h>

#include <algorithm>

#include "claims/claims.hpp"

namespace repro::claims {

void describe(config::Fields& fields, ViewScaling& scaling) {
  fields.field("table", scaling.table);
  fields.field("devices", scaling.devices);
  fields.field("rate", scaling.rate);
  fields.field("peak", scaling.peak);
}

void check_scaling(const Claims& claims, const View& view, config::Problems& problems) {
  const bool drawn =
      std::find(view.pictures.begin(), view.pictures.end(), "scaling") != view.pictures.end();
  if (!drawn) return;
  const auto add = [&](const std::string& text) {
    problems.add(view.source, "view '{}': scaling: {}", view.id, text);
  };
  const ViewScaling& scaling = view.scaling;
  const ClaimTable* table = claims.table(scaling.table);
  if (table == nullptr) return add(fmt::format("table '{}' is not declared", scaling.table));
  for (const std::string& column : {scaling.devices, scaling.rate})
    if (!table->column(column))
      add(fmt::format("table '{}' has no column '{}'", scaling.table, column));
  if (claims.constant(scaling.peak) == nullptr)
    add(fmt::format("constant '{}' is not declared", scaling.peak));
}

}  // namespace repro::claims
