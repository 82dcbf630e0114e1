// A manifest, to the graph of its jobs: among the project's own models, scales and corpora, of
// which it may extend and override what it likes.
#include "plan/plan.hpp"
#include "target.hpp"

namespace repro::fuzz {
namespace {

namespace fs = std::filesystem;

// A root whose one manifest of its own is the input.
class Root {
 public:
  Root() {
    std::string folder = fs::temp_directory_path() / "repro-fuzz-XXXXXX";
    check(::mkdtemp(folder.data()) != nullptr, "a folder for the root");
    path_ = folder;
    const fs::path source = REPRO_SOURCE_ROOT;
    fs::create_directories(path_ / "experiments/input");
    for (const char* part : {"models", "scales", "corpora", "claims"})
      fs::create_directory_symlink(source / "experiments" / part, path_ / "experiments" / part);
    fs::create_directory_symlink(source / "hardware_profiles", path_ / "hardware_profiles");
    fs::create_symlink(source / "experiments/moe_disco/table3.toml",
                       path_ / "experiments/input/table3.toml");
  }
  ~Root() { fs::remove_all(path_); }

  const fs::path& with(const MemoryFile& manifest) const {
    const fs::path link = path_ / "experiments/input/x.toml";
    fs::remove(link);
    fs::create_symlink(manifest.path(), link);
    return path_;
  }

 private:
  fs::path path_;
};

// Enough to try the arms of every method; a model may have a hundred thousand experts.
bool is_small(const plan::Experiment& experiment) {
  for (const auto& [key, entry] : experiment.model_entries)
    for (const config::ModelConfig& model : entry.arm_models)
      if (model.experts > 64) return false;
  return true;
}

}  // namespace

void read(std::string_view bytes) {
  static const Root root;
  const MemoryFile manifest(bytes);
  attempt([&] {
    const plan::Experiment experiment =
        plan::load_experiment(root.with(manifest), "x", {"smoke", {}, {}});
    if (!is_small(experiment)) return;
    const plan::Plan once = plan::make_plan(experiment), again = plan::make_plan(experiment);
    require(once.graph.jobs().size() == again.graph.jobs().size(), "a plan is its manifest's");
    for (size_t job = 0; job < once.graph.jobs().size(); ++job)
      require(once.graph[job].key == again.graph[job].key, "a job's key is its values'");
  });
}

}  // namespace repro::fuzz
