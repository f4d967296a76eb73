import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
  /// QEMU, whose exits are counted, or on which our images run.
  static var requiresQEMU: Self { .requires(program: "qemu-system-x86_64") }
}
