#include "cli/price_import.hpp"

#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "config/prices.hpp"
#include "import/catalog.hpp"

namespace repro::cli {
namespace {

struct ImportChoice {
  fs::path file;
  std::string provider, date;
  fs::path output;
};

Exit run_import(const Context& context, const ImportChoice& choice) {
  const imports::CatalogImport imported =
      imports::import_catalog(choice.file, choice.provider, choice.date);
  if (imported.snapshot.offers.empty())
    throw Error("{}: {} rows, none with a known accelerator and a price; nothing written",
                choice.file.string(), imported.rows);
  const fs::path output =
      choice.output.empty() ? fs::path(imported.snapshot.name + ".toml") : choice.output;
  write_file_atomically(output, config::to_toml(imported.snapshot));
  for (const std::string& warning : imported.warnings) warn("repro: warning: {}\n", warning);
  if (context.json)
    print(nlohmann::json{{"file", output.string()},
                         {"rows", imported.rows},
                         {"offers", imported.snapshot.offers.size()},
                         {"skipped", imported.skipped},
                         {"bad_rows", imported.bad},
                         {"warnings", imported.warnings}});
  else
    say("{}: {} offers of {} rows, {} skipped (no accelerator, unknown device or no price; {} of "
        "them not readable)\n",
        output.string(), imported.snapshot.offers.size(), imported.rows, imported.skipped,
        imported.bad);
  return Exit::ok;
}

}  // namespace

std::function<Exit()> add_price_import(Program& program, CLI::App& price) {
  CLI::App& verb = program.add_verb(
      price, "import", "a SkyPilot catalog (CSV) or gpuhunt offers (JSON) -> a price snapshot",
      "  repro price import catalogs/v8/vast/vms.csv --provider vast --date 2026-01-31\n"
      "  repro price table3 --prices vast-2026-01-31.toml --offers vast-2026-01-31.toml");
  auto choice = std::make_shared<ImportChoice>();
  verb.add_option("file", choice->file, "the catalog")->required();
  verb.add_option("--provider", choice->provider,
                  "who offers these prices; a SkyPilot file does not say");
  verb.add_option("--date", choice->date, "day of the prices, as 2026-01-31")->required();
  verb.add_option("--output", choice->output, "file to write; default: PROVIDER-DATE.toml");
  return [&program, choice] { return run_import(program.context(), *choice); };
}

}  // namespace repro::cli
