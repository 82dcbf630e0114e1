#pragma once
// The verbs of `repro`, one source file each. Each function adds its verb to the program.

namespace CLI {
class App;
}

namespace repro::cli {

class Program;

void add_list(Program& program);
void add_plan(Program& program);
void add_run(Program& program);
void add_status(Program& program);
void add_report(Program& program);
void add_explain(Program& program);
void add_compare(Program& program);
void add_check(Program& program);
void add_golden(Program& program);
void add_history(Program& program);
void add_audit(Program& program);
void add_price(Program& program);
void add_decide(Program& program);
void add_profile(Program& program);
void add_data(Program& program);
void add_eval(Program& program);
void add_import(Program& program);
void add_export(Program& program);
// The verbs of `export` for trackers of experiments.
void add_export_runs(Program& program, CLI::App& parent);
// The verbs of `import`.
void add_import_log(Program& program, CLI::App& import);
void add_import_checkpoint(Program& program, CLI::App& import);
void add_new(Program& program);
void add_completion(Program& program);  // and man

}  // namespace repro::cli
