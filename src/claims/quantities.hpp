#pragma once
// What is compared with the paper, as data. A [[quantity]] says what the paper's number is (a
// formula over its tables) and how ours follows (a formula over MEASURE.ARM[.PHASE]); a [[view]]
// says which quantities a table shows and in which columns. Loading refuses formulas that mean
// nothing; whether the arms they name exist is known only beside an experiment: check_here.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "claims/expression.hpp"
#include "claims/view_scaling.hpp"
#include "config/node.hpp"

namespace repro::claims {

class Claims;
struct ClaimRow;

struct Quantity {
  std::string id;               // "saving"
  std::string title;            // "saving"
  std::string unit;             // "USD", "h", "steps", "%", "nats", "bits", "x", "ppl", ""
  std::string sense = "about";  // how the claim is to be read: "at_least", "at_most", "about"
  bool scale_free = false;      // false: an absolute number, not to be judged by a stand-in
  std::string table;            // whose rows give the paper's value; "" = the paper gives none
  std::string row;              // a fixed row of it; "" = that of the model and corpus at hand
  std::string convention = "megatron";  // of flops_ROLE in `paper`
  std::string reading;                  // of an ambiguous model in `paper`; "" = the least
  std::optional<Expression> paper;      // over columns, constants, flops_ROLE, params_ROLE
  std::optional<Expression> here;       // over MEASURE.ARM[.PHASE]; one of the two is there
  config::Source source;
};

struct ViewColumn {
  std::string quantity;            // the column's number
  std::vector<std::string> parts;  // quantities shown behind it: "6.87 = 2.93+3.94"
  std::string group;               // neighbours of equal group share a heading
  std::string heading;             // layout "below" only; "" = paper / here
  bool paper = true;               // show the paper's number, ours
  bool here = true;
  bool range = false;  // with the interval
};

// Layout "scores": accuracies on downstream tasks, arm by arm, beside a table of the paper whose
// rows are tasks.
struct ViewScores {
  std::string table;                           // "" = the paper gives none
  std::string items;                           // TABLE.COLUMN: how many each task has there
  std::vector<std::string> cells;              // whose models its numbers are of: "MODEL/CORPUS"
  std::map<std::string, std::string> columns;  // arm -> column, in percent
};

struct View {
  std::string id;                 // "table3"
  std::string title;              // "Table 3"
  std::string layout = "beside";  // "below": the paper's line, then ours; "scores"
  std::string verdict;            // the quantity whose verdict a row shows; "" with "scores"
  ViewScores scores;
  std::vector<std::string> quantities;  // every finding, in order
  std::vector<ViewColumn> columns;
  std::vector<std::string> notes;  // sentences below it, by name (report/view.hpp)
  ViewScaling scaling;
  std::vector<std::string> pictures = {"curves"};  // by name (report/pictures.hpp)
  config::Source source;
};

// A name of a `here` formula.
struct Here {
  std::string measure;
  std::string arm;
  std::string phase;  // a phase, or a reading of the finished model; "" = the whole arm
};
// "dollars.disco.submodels"; a name without an arm has an empty one.
Here parse_here(std::string_view name);

// What can be measured of an arm: steps, tokens, flops (megatron), flops_palm; hours (the longest
// job of each phase, phases summed), device_hours, dollars: steps x the median step time of equal
// work x the relative speed of the device that is priced; billed_hours, billed_device_hours,
// billed_dollars: the runs' own clocks, where they ran, with start, evaluation and checkpoints on
// the way, without a relative speed and without work that a kill threw away, which no clock keeps.
// Without a phase the overheads are left out. train_loss, unseen_loss, ppl, bits_per_byte,
// active_share, attention_share (of groups of routed heads), gini (of the experts' loads),
// tokens_per_second (of the evaluation itself): of the ending that stands for the arm; unseen_loss,
// bits_per_byte and gini with a phase: of what it leaves, where that is measured. spike (nats) and
// recovery_steps with a phase whose model had just grown. parameters, experts: of the arm's model.
const std::vector<std::string>& known_measures();

struct ArmNames {
  std::string name;
  std::vector<std::string> phases;  // and readings
};
// Every unknown measure, arm or phase of the quantity's `here`, at its line, with the nearest name.
void check_here(const Quantity& quantity, const std::vector<ArmNames>& arms,
                config::Problems& problems);

// The view's quantities, in its order.
std::vector<const Quantity*> quantities_of(const Claims& claims, const View& view);

// The paper's value at a row of the quantity's table; empty where it gives none.
std::optional<Ranged> paper_value(const Claims& claims, const Quantity& quantity,
                                  const ClaimRow& row);

// Reads [[quantity]] and [[view]]; checks every name of them against the loaded claims.
Quantity read_quantity(const config::Node& node, config::Problems& problems);
View read_view(const config::Node& node, config::Problems& problems);
void check_quantities(const Claims& claims, config::Problems& problems);

}  // namespace repro::claims
