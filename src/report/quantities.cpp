#include "report/quantities.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "measure/flops.hpp"

namespace repro::report {
namespace {

using measure::Convention;
using measure::Sense;
using Value = std::optional<double>;

// The paper's column of the row, as it stands.
auto column(std::string table, std::string name) {
  return [table, name](const Study& study, const StudyRow& row) {
    return study.paper(row, table, name);
  };
}

// A value made from several printed ones: empty when one of them is not printed.
template <size_t N, typename Formula>
auto derived(std::array<std::pair<const char*, const char*>, N> columns, Formula formula) {
  return [columns, formula](const Study& study, const StudyRow& row) -> Value {
    std::array<double, N> values{};
    for (size_t i = 0; i < N; ++i) {
      const Value value = study.paper(row, columns[i].first, columns[i].second);
      if (!value) return std::nullopt;
      values[i] = *value;
    }
    return formula(
        values, static_cast<double>(study.experiment().model_entries.at(row.model).paper.experts));
  };
}

constexpr std::pair<const char*, const char*> kFullHours = {"table3", "full_hours"};
constexpr std::pair<const char*, const char*> kSubmodelHours = {"table3", "s_hours"};
constexpr std::pair<const char*, const char*> kFinetuneHours = {"table3", "f_hours"};
constexpr std::pair<const char*, const char*> kFullSteps = {"table1", "full_steps"};
constexpr std::pair<const char*, const char*> kFinetuneSteps = {"table1", "disco_steps"};
constexpr std::pair<const char*, const char*> kSubmodelSteps = {"table6", "max_steps"};

auto paper_flop_ratio(Convention convention) {
  return [convention](const Study& study, const StudyRow& row) -> Value {
    const Value full = study.paper(row, kFullSteps.first, kFullSteps.second);
    const Value tune = study.paper(row, kFinetuneSteps.first, kFinetuneSteps.second);
    const Value sub = study.paper(row, kSubmodelSteps.first, kSubmodelSteps.second);
    const config::ClaimConstant* sequence = study.options.claims.constant("sequence");
    if (!full || !tune || !sub || !sequence) return std::nullopt;
    const config::ModelConfig& model = study.experiment().model_entries.at(row.model).paper;
    const auto flops = [&](const config::ModelConfig& of) {
      return static_cast<double>(
          flops_per_token(convention, of, static_cast<int64_t>(*sequence->cell.value)));
    };
    const auto experts = static_cast<double>(model.experts);
    return (experts * *sub * flops(config::submodel_of(model)) + *tune * flops(model)) /
           (*full * flops(model));
  };
}

auto effort(double Effort::*member) {
  return [member](const CellOutcome&, const Comparison&, const Effort& at) -> Value {
    return at.*member;
  };
}
auto effort(Value Effort::*member) {
  return [member](const CellOutcome&, const Comparison&, const Effort& at) -> Value {
    return at.*member;
  };
}

double longest_submodel_hours(const CellOutcome& cell) {
  double longest = 0;
  for (const Training& run : cell.submodels) longest = std::max(longest, run.clocks.wall() / 3600);
  return longest;
}
int64_t most_submodel_steps(const CellOutcome& cell) {
  int64_t most = 0;
  for (const Training& run : cell.submodels) most = std::max(most, run.steps);
  return most;
}

const Training& deciding(const CellOutcome& cell, const Comparison& comparison) {
  return cell.finetunes[comparison.deciding];
}

std::vector<Quantity> shared_ratios() {
  return {
      {.key = "step_speedup",
       .title = "steps: full / fine-tune",
       .unit = "x",
       .sense = Sense::at_least,
       .scale_free = true,
       .paper = derived<2>({kFullSteps, kFinetuneSteps},
                           [](const auto& v, double) { return v[0] / v[1]; }),
       .here = effort(&Effort::step_speedup)},
      {.key = "wall_speedup",
       .title = "wall clock: full / (S + F)",
       .unit = "x",
       .sense = Sense::at_least,
       .scale_free = true,
       .paper = derived<3>({kFullHours, kSubmodelHours, kFinetuneHours},
                           [](const auto& v, double) { return v[0] / (v[1] + v[2]); }),
       .here = effort(&Effort::wall_speedup)},
      {.key = "sample_ratio",
       .title = "samples: DisCo / full",
       .unit = "x",
       .sense = Sense::at_most,
       .scale_free = true,
       .paper = derived<3>({kFullSteps, kSubmodelSteps, kFinetuneSteps},
                           [](const auto& v, double e) { return (e * v[1] + v[2]) / v[0]; }),
       .here = effort(&Effort::sample_ratio)},
      {.key = "flop_ratio_megatron",
       .title = "FLOPs (megatron): DisCo / full",
       .unit = "x",
       .sense = Sense::at_most,
       .scale_free = true,
       .paper = paper_flop_ratio(Convention::megatron),
       .here = effort(&Effort::flop_ratio_megatron)},
      {.key = "flop_ratio_palm",
       .title = "FLOPs (palm): DisCo / full",
       .unit = "x",
       .sense = Sense::at_most,
       .scale_free = true,
       .paper = paper_flop_ratio(Convention::palm),
       .here = effort(&Effort::flop_ratio_palm)},
      {.key = "device_hour_ratio",
       .title = "device-hours: DisCo / full",
       .unit = "x",
       .sense = Sense::at_most,
       .scale_free = true,
       .paper = derived<3>({kFullHours, kSubmodelHours, kFinetuneHours},
                           [](const auto& v, double e) { return (e * v[1] + v[2]) / v[0]; }),
       .here = effort(&Effort::device_hour_ratio)},
  };
}

// A number of the full run or of the submodels: known whatever the fine-tune's steps.
Quantity fixed_quantity(std::string key, std::string title, std::string unit, std::string table,
                        std::string name,
                        std::function<Value(const CellOutcome&, const Comparison&)> here) {
  return {.key = std::move(key),
          .title = std::move(title),
          .unit = std::move(unit),
          .sense = Sense::about,
          .scale_free = false,
          .paper = column(std::move(table), std::move(name)),
          .here = [here](const CellOutcome& cell, const Comparison& comparison,
                         const Effort&) { return here(cell, comparison); },
          .depends_on_steps = false};
}

std::vector<Quantity> table3_quantities() {
  const auto absolute = [](std::string key, std::string title, std::string unit, auto here) {
    return Quantity{.key = key,
                    .title = std::move(title),
                    .unit = std::move(unit),
                    .paper = column("table3", key),
                    .here = here};
  };
  std::vector<Quantity> all = {
      {.key = "saving",
       .title = "saving",
       .unit = "%",
       .sense = Sense::at_least,
       .scale_free = true,
       .paper = derived<2>({{{"table3", "full_cost"}, {"table3", "total_cost"}}},
                           [](const auto& v, double) { return 1 - v[1] / v[0]; }),
       .here = effort(&Effort::saving)},
      fixed_quantity("full_cost", "full: cost", "USD", "table3", "full_cost",
                     [](const CellOutcome&, const Comparison& c) { return c.at.full_dollars; }),
      fixed_quantity("full_hours", "full: time", "h", "table3", "full_hours",
                     [](const CellOutcome& cell, const Comparison&) {
                       return Value(cell.full.clocks.wall() / 3600);
                     }),
      fixed_quantity("s_cost", "S: cost", "USD", "table3", "s_cost",
                     [](const CellOutcome&, const Comparison& c) { return c.at.submodel_dollars; }),
      fixed_quantity("s_hours", "S: time", "h", "table3", "s_hours",
                     [](const CellOutcome& cell, const Comparison&) {
                       return Value(longest_submodel_hours(cell));
                     }),
      absolute("f_cost", "F: cost", "USD", effort(&Effort::finetune_dollars)),
      absolute("f_hours", "F: time", "h", effort(&Effort::finetune_hours)),
      absolute("total_cost", "S + F: cost", "USD",
               [](const CellOutcome&, const Comparison&, const Effort& at) -> Value {
                 if (!at.submodel_dollars) return std::nullopt;
                 return *at.submodel_dollars + *at.finetune_dollars;
               }),
      absolute("total_hours", "S + F: time", "h",
               [](const CellOutcome& cell, const Comparison&, const Effort& at) {
                 return Value(longest_submodel_hours(cell) + at.finetune_hours);
               }),
      {.key = "break_even_ratio",
       .title = "break-even price ratio",
       .unit = "",
       .sense = Sense::at_least,
       .scale_free = true,
       .paper = derived<3>({kFullHours, kSubmodelHours, kFinetuneHours},
                           [](const auto& v, double e) { return (v[0] - v[2]) / (e * v[1]); }),
       .here = effort(&Effort::break_even_ratio)},
  };
  for (Quantity& ratio : shared_ratios()) all.push_back(std::move(ratio));
  return all;
}

std::vector<Quantity> table1_quantities() {
  std::vector<Quantity> all = {
      shared_ratios().front(),
      fixed_quantity("full_steps", "full: steps", "steps", "table1", "full_steps",
                     [](const CellOutcome& cell, const Comparison&) {
                       return Value(static_cast<double>(cell.full.steps));
                     }),
      fixed_quantity("full_loss", "full: train loss", "nats", "table1", "full_loss",
                     [](const CellOutcome&, const Comparison& c) { return Value(c.target.loss); }),
      fixed_quantity("full_ppl", "full: PPL", "ppl", "table1", "full_ppl",
                     [](const CellOutcome& cell, const Comparison&) -> Value {
                       if (!cell.full.perplexity) return std::nullopt;
                       return cell.full.perplexity->value;
                     }),
      {.key = "disco_steps",
       .title = "DisCo: fine-tune steps",
       .unit = "steps",
       .paper = column("table1", "disco_steps"),
       .here = effort(&Effort::steps)},
      fixed_quantity("disco_loss", "DisCo: train loss", "nats", "table1", "disco_loss",
                     [](const CellOutcome&, const Comparison& c) -> Value {
                       for (const measure::Rung& rung : c.ladder)
                         if (rung.steps >= c.to_target.by) return rung.final_loss;
                       return std::nullopt;
                     }),
      fixed_quantity("disco_ppl", "DisCo: PPL", "ppl", "table1", "disco_ppl",
                     [](const CellOutcome& cell, const Comparison& c) -> Value {
                       const Training& run = deciding(cell, c);
                       if (!run.perplexity) return std::nullopt;
                       return run.perplexity->value;
                     }),
      {.key = "ppl_ratio",
       .title = "PPL: DisCo / full",
       .unit = "x",
       .sense = Sense::at_most,
       .scale_free = true,
       .paper = derived<2>({{{"table1", "full_ppl"}, {"table1", "disco_ppl"}}},
                           [](const auto& v, double) { return v[1] / v[0]; }),
       .here = [](const CellOutcome& cell, const Comparison& c, const Effort&) -> Value {
         const Training& run = deciding(cell, c);
         if (!run.perplexity || !cell.full.perplexity) return std::nullopt;
         return run.perplexity->value / cell.full.perplexity->value;
       },
       .depends_on_steps = false},
  };
  return all;
}

std::vector<Quantity> table6_quantities() {
  return {
      fixed_quantity("max_steps", "longest submodel: steps", "steps", "table6", "max_steps",
                     [](const CellOutcome& cell, const Comparison&) {
                       return Value(static_cast<double>(most_submodel_steps(cell)));
                     }),
      fixed_quantity("max_hours", "longest submodel: time", "h", "table6", "max_hours",
                     [](const CellOutcome& cell, const Comparison&) {
                       return Value(longest_submodel_hours(cell));
                     }),
      {.key = "hour_share",
       .title = "longest submodel / full run: time",
       .unit = "x",
       .sense = Sense::at_most,
       .scale_free = true,
       .paper = derived<2>({kSubmodelHours, kFullHours},
                           [](const auto& v, double) { return v[0] / v[1]; }),
       .here =
           [](const CellOutcome& cell, const Comparison&, const Effort&) {
             return Value(longest_submodel_hours(cell) * 3600 / cell.full.clocks.wall());
           },
       .depends_on_steps = false},
  };
}

}  // namespace

const std::vector<Quantity>& quantities_of(const std::string& view) {
  static const std::vector<Quantity> table1 = table1_quantities();
  static const std::vector<Quantity> table3 = table3_quantities();
  static const std::vector<Quantity> table6 = table6_quantities();
  if (view == "table1") return table1;
  if (view == "table3") return table3;
  if (view == "table6") return table6;
  throw Error("unknown view '{}' (known: table1, table3, table6)", view);
}

}  // namespace repro::report
