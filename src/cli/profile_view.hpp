#pragma once
// Hardware profiles as a table and as JSON: what `list` and `profile` share.

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "cli/context.hpp"
#include "config/profile.hpp"

namespace repro::cli {

std::vector<config::Profile> load_profiles(const Context& context);
report::Table profiles_table(const std::vector<config::Profile>& profiles);
nlohmann::json profiles_json(const std::vector<config::Profile>& profiles);

}  // namespace repro::cli
