#pragma once
// What a golden lets pass: which differences count, how large they must be, and how often chance
// may look like one.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace repro::checks {

enum class Sides {
  two_sided,        // a number that moves either way is suspect
  one_sided,        // only one that got worse
  non_inferiority,  // it must be shown to be worse by less than the margin
};
std::string_view name(Sides sides);  // "two-sided"

struct Policy {
  // Of all rows of a lane together, at the first look.
  double alpha = 0.05;
  Sides sides = Sides::two_sided;
  // Whether a difference of bits alone, on the golden's own platform, is a regression.
  bool exact_gates = false;
  // Of a step: below this share of the golden's value no difference counts, whatever the noise.
  std::map<std::string, double> floors = {{"loss", 0.001}, {"grad_norm", 0.01}};
  // By number: a move up to this is none that matters. Of steps_to_loss a share of the golden's.
  std::map<std::string, double> margins = {{"final_loss", 0.01},
                                           {"unseen_loss", 0.01},
                                           {"ppl_loss", 0.01},
                                           {"steps_to_loss", 0.02},
                                           {"least_expert_share", 0.1}};
  double other_margin = 0.01;  // share of the golden's value, of a number without one

  // In the number's own unit, of a golden value.
  double margin(const std::string& number, double golden) const;
  double floor(const std::string& series, double golden) const;
};

// Norms of gradients: one seed's outlier at one step is no change.
bool spikes_by_chance(const std::string& series);

// Whether more of a number is worse; what is neither moves either way.
enum class Sense { lower_is_better, higher_is_better };
Sense sense_of(const std::string& number);

}  // namespace repro::checks
