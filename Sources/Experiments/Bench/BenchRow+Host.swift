extension BenchRow {
  static let host: [BenchRow] = [
    BenchRow("getpid", "a system call that does nothing", .getpid),
    BenchRow("kvm-ioctl", "KVM_CHECK_EXTENSION on /dev/kvm", .checkExtension),
    BenchRow("kvm-run", "KVM_RUN with immediate_exit set: into KVM and back, the guest not entered", .run),
    BenchRow("ledger", "the ledger's own part of an exit: two time stamps and a line", .record),
    BenchRow("dispatch", "all that we do between two KVM_RUNs for a write to a port", .dispatch),
  ]
}
