#include "report/card.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/text.hpp"
#include "findings/findings.hpp"
#include "findings/numbers.hpp"
#include "findings/values.hpp"
#include "report/details.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::StudyRow;
using measure::Verdict;

// What the rows say together of the number that is judged.
struct CardTally {
  size_t rows = 0, measured = 0, suspect = 0;
  std::vector<double> paper, estimates;
  std::vector<std::string> bounds;  // "<= 9 %"
  std::map<Verdict, size_t> verdicts;
  std::string scope;  // of the verdicts that are decided
  std::string missing;

  size_t count(Verdict verdict) const {
    const auto at = verdicts.find(verdict);
    return at == verdicts.end() ? 0 : at->second;
  }
};

bool is_bound(const Finding& found) {
  return found.here_text.starts_with("<= ") || found.here_text.starts_with(">= ");
}

std::string whole_percent_or(double value, const std::string& unit) {
  if (unit == "%") return findings::fixed(100 * value, 0);
  return findings::format_value(value, unit);
}

std::string unit_behind(const std::string& unit) {
  if (unit.empty()) return "";
  return unit == "x" ? "x" : unit == "USD" ? " dollars" : " " + unit;
}

// "-5 to 7 %" of several, "7 %" where they print alike.
std::string card_span(const std::vector<double>& values, const std::string& unit, bool paper) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const auto text = [&](double value) {
    return paper ? findings::format_value(value, unit) : whole_percent_or(value, unit);
  };
  const std::string from = text(*low), to = text(*high);
  return (from == to ? from : from + " to " + to) + unit_behind(unit);
}

CardTally tally_of(const Study& study, const std::vector<Finding>& found) {
  CardTally tally;
  for (const StudyRow& row : study.rows) {
    const Finding& judged = findings::finding(found, study, row, study.view.verdict);
    ++tally.rows;
    ++tally.verdicts[judged.judgement.verdict];
    if (judged.paper) tally.paper.push_back(*judged.paper);
    if (tone_of(judged.judgement.verdict) != Tone::plain) tally.scope = judged.scope;
    if (row.baseline && row.baseline->state == measure::BaselineState::fails) ++tally.suspect;
    if (!judged.here) {
      if (tally.missing.empty()) tally.missing = judged.judgement.reason;
      continue;
    }
    ++tally.measured;
    if (!is_bound(judged))
      tally.estimates.push_back(*judged.here);
    else
      tally.bounds.push_back(judged.here_text.substr(0, 3) +
                             whole_percent_or(*judged.here, judged.unit) +
                             unit_behind(judged.unit));
  }
  return tally;
}

std::string cells_text(size_t cells) {
  return cells == 1 ? "1 cell" : fmt::format("{} cells", cells);
}

// The quantity as a subject: one with signs of its own is quoted.
std::string subject_of(const claims::Quantity& quantity) {
  const bool plain = quantity.title.find_first_of(":/=") == std::string::npos;
  return plain ? quantity.title : "'" + quantity.title + "'";
}

const plan::ArmPlan& first_other(const Study& study) {
  const plan::Cell& cell = study.plan.cells.front();
  return cell.arms[other_arms(cell).front()];
}

std::string asked_text(const Study& study, const claims::Quantity& judged, const CardTally& tally) {
  const std::string what = fmt::format("{}: {} against {}", study.experiment().title,
                                       first_other(study).title, study.baseline().title);
  if (tally.paper.empty())
    return fmt::format("{}; what is the {}, in {}? No paper prints it", what, subject_of(judged),
                       cells_text(tally.rows));
  const std::string sense = judged.sense == "at_least"  ? "at least "
                            : judged.sense == "at_most" ? "at most "
                                                        : "about ";
  return fmt::format("{}; is the {} {}the {} that {} of the paper prints, in {}?", what,
                     subject_of(judged), sense, card_span(tally.paper, judged.unit, true),
                     study.view.title, cells_text(tally.rows));
}

std::string of_all(const CardTally& tally, Verdict verdict, const char* word) {
  const size_t count = tally.count(verdict);
  const std::string scope = tally.scope.empty() ? "" : " " + tally.scope;
  if (count == tally.rows) return word + scope;
  return fmt::format("{} in {} of {} cells{}", word, count, tally.rows, scope);
}

// Two or three words, with the tone of the worst that is decided.
void stand(const CardTally& tally, Card& card) {
  const size_t good = tally.count(Verdict::reproduced), bad = tally.count(Verdict::not_reproduced);
  if (tally.measured == 0) {
    card.standing = "nothing measured yet";
  } else if (tally.paper.empty()) {
    card.standing = "measured, and held to no published number";
    card.tone = Tone::plain;
  } else if (good + bad == 0) {
    const bool open = tally.count(Verdict::inconclusive) > 0;
    card.standing = open ? "not settled" : "not tested";
    card.tone = open ? Tone::open : Tone::plain;
  } else {
    card.tone = bad > 0 ? Tone::bad : Tone::good;
    std::vector<std::string> parts;
    if (bad > 0) parts.push_back(of_all(tally, Verdict::not_reproduced, "not reproduced"));
    if (good > 0) parts.push_back(of_all(tally, Verdict::reproduced, "reproduced"));
    card.standing = join(parts, ", ");
  }
}

// "the saving is -5 to 7 % here in 6 of 6 cells, above 0 in 5 of them".
std::string estimates_text(const claims::Quantity& judged, const CardTally& tally) {
  std::string text = fmt::format("the {} is {} here in {} of {}", subject_of(judged),
                                 card_span(tally.estimates, judged.unit, false),
                                 tally.estimates.size(), cells_text(tally.rows));
  const auto above = static_cast<size_t>(std::count_if(
      tally.estimates.begin(), tally.estimates.end(), [](double v) { return v > 0; }));
  if (judged.unit == "%" && above < tally.estimates.size())
    text +=
        above == 0 ? ", above 0 in none of them" : fmt::format(", above 0 in {} of them", above);
  return text;
}

std::string answer_text(const Study& study, const claims::Quantity& judged,
                        const CardTally& tally) {
  if (tally.measured == 0) return fmt::format("no cell has a number yet: {}", tally.missing);
  std::vector<std::string> parts;
  if (!tally.estimates.empty()) parts.push_back(estimates_text(judged, tally));
  if (!tally.bounds.empty())
    parts.push_back(fmt::format("in {} only a bound is known ({})", cells_text(tally.bounds.size()),
                                join(tally.bounds, ", ")));
  if (!tally.paper.empty())
    parts.push_back(
        fmt::format("{} prints {}", study.view.title, card_span(tally.paper, judged.unit, true)));
  if (tally.measured < tally.rows)
    parts.push_back(fmt::format("{} of {} have no number ({})", tally.rows - tally.measured,
                                cells_text(tally.rows), tally.missing));
  if (tally.suspect > 0)
    parts.push_back(tally.suspect == 1 ? "one baseline is suspect"
                                       : fmt::format("{} baselines are suspect", tally.suspect));
  return join(parts, "; ");
}

// "stand-ins: the scale mini, and web, reference, essays as corpora".
std::string stand_ins_text(const Study& study) {
  std::vector<std::string> parts;
  if (study.experiment().scale.stand_in)
    parts.push_back("the scale " + study.experiment().scale.name +
                    ", whose models and steps are not the paper's");
  std::vector<std::string> corpora;
  for (const StudyRow& row : study.rows)
    if (!row.stand_in.empty() &&
        std::find(corpora.begin(), corpora.end(), row.stand_in) == corpora.end())
      corpora.push_back(row.stand_in);
  if (!corpora.empty()) parts.push_back(join(corpora, ", ") + " as corpora");
  return "stand-ins: " + join(parts, "; ");
}

std::string evidence_clause(const Study& study, const std::string& level) {
  std::string text = level;
  if (level == measure::name(measure::Evidence::calibrated)) {
    text += ": the step times of these runs";
    if (const std::string machines = machine_text(study); !machines.empty())
      text += " (" + machines + ")";
    std::vector<std::string> origins;
    for (const auto& [profile, speed] : study.timing.speeds().others())
      if (std::find(origins.begin(), origins.end(), speed.origin) == origins.end())
        origins.push_back(speed.origin);
    if (!origins.empty()) text += ", and how fast devices are by " + join(origins, "; ");
  }
  return text;
}

// "at equal speed of the devices the saving would be 7 to 18 %", one each.
std::vector<std::string> other_speed_clauses(const Study& study, const claims::Quantity& judged) {
  std::vector<std::string> clauses;
  if (!findings::depends_on_speed(judged)) return clauses;
  for (const findings::OtherSpeeds& other : findings::other_speeds(study)) {
    const findings::Timing timing = study.timing.with_speeds(other.speeds);
    std::vector<double> values;
    for (const StudyRow& row : study.rows)
      if (const auto value = findings::value_at(judged, study, row, timing))
        values.push_back(value->value);
    if (!values.empty())
      clauses.push_back(fmt::format("at {} of the devices the {} would be {}", other.name,
                                    subject_of(judged), card_span(values, judged.unit, false)));
  }
  return clauses;
}

// Why cells are not decided, each reason once with the number of its cells.
std::vector<std::string> open_clauses(const Study& study, const std::vector<Finding>& found) {
  std::vector<std::pair<std::string, size_t>> reasons;
  for (const StudyRow& row : study.rows) {
    const Finding& judged = findings::finding(found, study, row, study.view.verdict);
    const Tone tone = tone_of(judged.judgement.verdict);
    if (tone == Tone::good || tone == Tone::bad || judged.judgement.reason.empty()) continue;
    const auto known = std::find_if(reasons.begin(), reasons.end(), [&](const auto& one) {
      return one.first == judged.judgement.reason;
    });
    if (known != reasons.end())
      ++known->second;
    else
      reasons.emplace_back(judged.judgement.reason, 1);
  }
  std::vector<std::string> clauses;
  for (const auto& [reason, cells] : reasons)
    clauses.push_back(fmt::format("open in {}: {}", cells_text(cells), reason));
  return clauses;
}

std::vector<std::string> trust_clauses(const Study& study, const std::vector<Finding>& found,
                                       const claims::Quantity& judged) {
  std::vector<std::string> clauses = open_clauses(study, found);
  const auto append = [&](const std::vector<std::string>& more) {
    clauses.insert(clauses.end(), more.begin(), more.end());
  };
  if (study.stand_in()) clauses.push_back(stand_ins_text(study));
  const size_t seeds = study.experiment().seeds.size();
  clauses.push_back(seeds == 1 ? std::string("1 seed a cell")
                               : fmt::format("{} seeds a cell", seeds));
  for (const StudyRow& row : study.rows)
    if (const Finding& one = findings::finding(found, study, row, judged.id); one.evidence != "-") {
      clauses.push_back(evidence_clause(study, one.evidence));
      break;
    }
  append(other_speed_clauses(study, judged));
  if (const auto notes = fairness_notes(study); !notes.empty()) clauses.push_back(notes.front());
  append(profile_doubts(study));
  return clauses;
}

}  // namespace

Card make_card(const Study& study, const std::vector<Finding>& found,
               std::vector<CardStep> settle) {
  const claims::Quantity& judged = *study.sources.claims.quantity(study.view.verdict);
  const CardTally tally = tally_of(study, found);
  Card card;
  card.asked = asked_text(study, judged, tally);
  stand(tally, card);
  card.answer = answer_text(study, judged, tally);
  card.trust = trust_clauses(study, found, judged);
  card.settle = std::move(settle);
  card.words = words_of(study, found);
  return card;
}

}  // namespace repro::report
