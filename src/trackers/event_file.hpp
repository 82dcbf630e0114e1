#pragma once
// TensorBoard's event files. A file is a row of records, each an Event of TensorFlow's
// event.proto framed as TFRecord does: length, its checksum, bytes, their checksum. Curves are
// scalars (`simple_value`), which are 32-bit floats; who needs all digits reads SQLite or MLflow.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "trackers/tracked_run.hpp"

namespace repro::trackers {

// CRC-32C (Castagnoli), of all bytes: of "123456789" 0xe3069283.
uint32_t crc32c(std::string_view bytes);

// The whole file: its head, then every point of every curve in the order of time.
std::string event_file(const TrackedRun& run);

// FOLDER/RUN/events.out.tfevents.SECONDS.repro of each run that has a curve; how many those are.
int64_t write_event_files(const std::vector<TrackedRun>& runs, const std::filesystem::path& folder);

}  // namespace repro::trackers
