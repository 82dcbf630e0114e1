#include "launch/site.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "config/library.hpp"

namespace repro::launch {
namespace {

using config::between;
using config::Node;
using config::Problems;

constexpr const char* kFolder = "hardware_profiles/sites";

// Letters and digits of ASCII and what Slurm's own notation for it needs. Nothing of it passes a
// shell; but a name is to be one.
bool is_made_of(const std::string& text, const std::string& signs) {
  constexpr size_t kLongest = 200;
  const auto fits = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           signs.find(c) != std::string::npos;
  };
  return text.size() <= kLongest && (text.empty() || text.front() != '-') &&
         std::all_of(text.begin(), text.end(), fits);
}

void check_words(const SiteProfile& profile, Problems& problems) {
  const std::string name = "-_.";
  struct Word {
    const char* key;
    const std::string& text;
    std::string signs;
  };
  for (const Word& word :
       {Word{"partition", profile.partition, name + ","},
        Word{"constraint", profile.constraint, name + ",&|!*[]()"},
        Word{"account", profile.account, name + "@"}, Word{"qos", profile.qos, name},
        Word{"gpu_type", profile.gpu_type, name}})
    if (!is_made_of(word.text, word.signs))
      problems.add(profile.source, "{} = '{}': expected letters, digits and {}", word.key,
                   word.text, word.signs);
  if (!profile.gpu_type.empty() && profile.gpus == 0)
    problems.add(profile.source, "gpu_type = '{}' without a number of gpus", profile.gpu_type);
}

void check_profiles(Site& site, const Node& root, Problems& problems) {
  const Node* list = root.find("profile");
  std::set<std::string> seen;
  for (size_t i = 0; i < site.profiles.size(); ++i) {
    SiteProfile& profile = site.profiles[i];
    profile.source = (*list->array())[i].source;
    check_words(profile, problems);
    if (!seen.insert(profile.name).second)
      problems.add(profile.source, "a second entry of profile '{}'", profile.name);
    if (profile.minutes > 0 && site.checkpoint_seconds >= 60 * profile.minutes)
      problems.add(profile.source,
                   "minutes = {}: a checkpoint is asked for {} s before the limit, which is "
                   "before the start; raise it, or lower checkpoint_seconds",
                   profile.minutes, site.checkpoint_seconds);
  }
}

}  // namespace

void describe(config::Fields& fields, SiteProfile& profile) {
  fields.field("name", profile.name, config::required());
  fields.field("partition", profile.partition, config::required());
  fields.field("constraint", profile.constraint);
  fields.field("account", profile.account);
  fields.field("qos", profile.qos);
  fields.field("gpus", profile.gpus, between(0, 1024));
  fields.field("gpu_type", profile.gpu_type);
  fields.field("memory_gib", profile.memory_gib, between(0, 1e6));
  fields.field("minutes", profile.minutes, between(0, 525600));
  fields.field("exclusive", profile.exclusive);
}

void describe(config::Fields& fields, Site& site) {
  fields.field("title", site.title);
  fields.field("worker", site.worker);
  fields.field("poll_seconds", site.poll_seconds, between(0.1, 3600));
  fields.field("settle_seconds", site.settle_seconds, between(0, 3600));
  fields.field("checkpoint_seconds", site.checkpoint_seconds, between(0, 65535));
  fields.field("continuations", site.continuations, between(0, 1e6));
  fields.field("most_jobs", site.most_jobs, between(0, 1e6));
  fields.list("profile", site.profiles, config::required());
}

Site load_site(const std::filesystem::path& path, const std::string& shown_as) {
  Problems problems;
  const Node root = config::read_toml(path, shown_as);
  Site site = config::from_node<Site>(root, problems);
  problems.throw_if_any();
  site.name = path.stem().string();
  site.source = root.source;
  check_profiles(site, root, problems);
  if (!site.worker.empty() && !std::filesystem::path(site.worker).is_absolute())
    problems.add(root.source, "worker = '{}': expected a path from the root, as the nodes see it",
                 site.worker);
  problems.throw_if_any();
  return site;
}

Site find_site(const std::filesystem::path& root, const std::string& name) {
  std::string chosen = name;
  if (name.empty()) {
    const std::vector<std::string> known = config::library_names(root, kFolder);
    if (known.empty())
      throw Error(
          "no site says which partition stands for which hardware profile: copy docs/site.toml to "
          "{}/NAME.toml and say it there",
          (config::user_library() / kFolder).string());
    if (known.size() > 1)
      throw Error("there are several sites; name one with --site: {}", join(known, ", "));
    chosen = known.front();
  }
  const config::LibraryFile file = config::find_file(root, kFolder, chosen, "site");
  return load_site(file.path, file.shown_as);
}

const SiteProfile& Site::of(const run::Resources& resources) const {
  const std::string wanted = resources.profile.empty() ? kAnyProfile : resources.profile;
  std::vector<std::string> known;
  for (const SiteProfile& profile : profiles) {
    if (profile.name == wanted) return profile;
    known.push_back(profile.name);
  }
  throw Error("{}: no [[profile]] named '{}'{}; add one that says which partition {}", source.file,
              wanted, did_you_mean(wanted, known),
              resources.profile.empty() ? "takes the jobs that are of no hardware profile"
                                        : "has such a device");
}

}  // namespace repro::launch
