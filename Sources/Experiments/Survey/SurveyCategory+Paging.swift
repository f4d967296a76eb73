import VMM
import Witness

extension SurveyCategory {
  /// Behind the image, and on a boundary of 2 MiB.
  private static let fresh: GuestAddress = 16 << 20
  /// 4 MiB.
  private static let pages: UInt64 = 1024

  /// Faults that KVM answers by mapping a page of the host's. Where it shadows page tables, no event of the hardware's
  /// is one a page.
  private static let mapping = SurveyCount(
    ledger: .window,
    witness: .tracepoints([
      TracepointSelection("kvm_page_fault", "fault_address", in: [fresh...fresh + pages * 4096 - 1])
    ]),
    withoutNestedPaging: .tracepoints([
      TracepointSelection("kvmmmu:kvm_mmu_spte_requested", "gfn", in: [fresh >> 12...fresh >> 12 + pages - 1])
    ]))

  private static func touch(
    _ name: String, _ pagesOfHost: GuestMemory.Pages, _ needs: [SurveyNeed], price: String
  ) -> SurveyTrial {
    .instruction(name, "touch", (pages, "new pages"), at: fresh, count: mapping).with {
      $0.machine = { $0.pages = pagesOfHost }
      $0.needs = needs
      $0.price = SurveyPrice(row: price, level: 3)
    }
  }

  private static func firstTouch(_ name: String, _ paging: SurveyNeed) -> Case {
    Case(
      provocation: touch(name, .small, [paging], price: "touch-4k"),
      remedies: [touch("large pages, 2 MiB", .large, [paging, .hugePages], price: "touch-2m")])
  }

  /// The guest's own page faults: addresses that its page tables do not map.
  private static let guestFaults = SurveyTrial.instruction(
    "page faults", "fault", (1000, "guest faults"), at: 4 << 30,
    // Not kvm_inj_exception: an injection that an interrupt came between is done, and counted, again.
    count: SurveyCount(ledger: .window, witness: .statistic("pf_guest"), hardware: .pageFault))

  static let paging: [SurveyCategory] = [
    SurveyCategory(
      "ept", "EPT violations", frequency: "medium", elimination: "partly",
      [firstTouch("EPT violations", .nestedPaging)]),
    SurveyCategory(
      "page-fault", "page faults", frequency: "low", elimination: "no",
      [
        Case(
          provocation: guestFaults.with { $0.needs = [.shadowPaging] },
          remedies: [
            guestFaults.with {
              $0.name = "EPT or NPT"
              $0.needs = [.nestedPaging]
            }
          ]),
        firstTouch("page faults, first touch", .shadowPaging),
      ]),
  ]
}
