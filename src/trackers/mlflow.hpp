#pragma once
// MLflow's file store: a folder of plain files that `mlflow ui` opens with
// MLFLOW_ALLOW_FILE_STORE=true, and that `mlflow migrate-filestore` takes into a database. All
// digits are kept.

#include <filesystem>
#include <string>
#include <vector>

#include "trackers/tracked_run.hpp"

namespace repro::trackers {

// FOLDER/EXPERIMENT/RUN/{meta.yaml, params/, metrics/, tags/}: the experiment's number is made of
// its name and a run's of its key, so that the same runs become the same files.
void write_mlflow(const std::vector<TrackedRun>& runs, const std::filesystem::path& folder,
                  const std::string& experiment);

}  // namespace repro::trackers
