import Testing

@testable import Attach

struct NamedRangeTests {
  @Test func `ranges are read as they are written`() {
    let range = NamedRange("0xc000-0xc03f=virtio-net")
    #expect(range?.addresses == 0xc000...0xc03f)
    #expect(range?.name == "virtio-net")
    #expect(NamedRange("244=debug=exit")?.name == "debug=exit")
    #expect(NamedRange("0X10-0X1F=x")?.addresses == 0x10...0x1f)
    #expect(NamedRange("244=debug-exit")?.addresses == 0xf4...0xf4)
  }

  @Test(arguments: [
    "", "=", "1=", "=x", "2-1=x", "1-2-3=x", "-1=x", "0x=x", "1", "a-b=c", "1-=x", "+1=x", "0x+1=x",
    "0x1-+2=x",
  ])
  func `what is no range is refused`(text: String) {
    #expect(NamedRange(text) == nil)
  }
}
