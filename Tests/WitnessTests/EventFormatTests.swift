import Testing

@testable import Witness

struct EventFormatTests {
  /// As kernel 6.18 has it.
  private static let port = """
    name: kvm_pio
    ID: 110
    format:
    \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
    \tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

    \tfield:unsigned int rw;\toffset:8;\tsize:4;\tsigned:0;
    \tfield:unsigned int port;\toffset:12;\tsize:4;\tsigned:0;
    \tfield:__u8 insn[15];\toffset:21;\tsize:15;\tsigned:0;
    \tfield:const char * name;\toffset:40;\tsize:8;\tsigned:0;
    \tfield:int errno;\toffset:48;\tsize:4;\tsigned:1;

    print fmt: "pio_%s at 0x%x", REC->rw ? "field:int x; offset:1; size:1; signed:0;" : "read", REC->port
    """

  @Test func `fields are found by their names`() throws {
    let format = try #require(EventFormat(Self.port))
    #expect(format.identifier == 110)
    let field = try format.field("port")
    #expect((field.offset, field.size, field.isSigned) == (12, 4, false))
    #expect(try format.field("errno").isSigned)
    #expect(try format.field("name").offset == 40)
    #expect(try format.field("common_pid").offset == 4)
  }

  @Test(arguments: ["nobody", "insn", "x", "", "unsigned", "port;"])
  func `what is no number of the records is refused with its name`(name: String) throws {
    let format = try #require(EventFormat(Self.port))
    do throws(Unavailable) {
      _ = try format.field(name)
      Issue.record("found \(name)")
    } catch {
      #expect(error.reason.contains("field \(name)"))
    }
  }

  @Test func `a line that makes no sense is a field that is not there`() throws {
    let text = """
      ID: 7
      \tfield:int a;\toffset:-1;\tsize:4;\tsigned:0;
      \tfield:int b;\toffset:8;\tsize:x;\tsigned:0;
      \tfield:int c;\toffset:8;
      \tfield:;\toffset:8;\tsize:4;\tsigned:0;
      \tfield:int d;\toffset:99999999999;\tsize:4;\tsigned:0;
      \tfield:int e;\toffset:8;\tsize:4;\tsigned:0;
      """
    let format = try #require(EventFormat(text))
    for name in ["a", "b", "c", "d", ""] { #expect((try? format.field(name)) == nil) }
    #expect((try? format.field("e")) != nil)
  }

  @Test(arguments: ["", "ID:", "ID: x", "name: kvm_pio", "id: 5"])
  func `a text without a number is no format`(text: String) {
    #expect(EventFormat(text) == nil)
  }

  @Test func `values are read wherever the field lies, with their sign`() throws {
    let bytes: [UInt8] = [0x01, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0xf8, 0x09]
    for size in [1, 2, 4, 8] {
      for offset in 0...9 {
        for sign in 0...1 {
          let format = try #require(
            EventFormat("ID: 1\n\tfield:int v;\toffset:\(offset);\tsize:\(size);\tsigned:\(sign);"))
          let value = try unsafe format.field("v").value(in: bytes.span.bytes)
          guard offset + size <= bytes.count else {
            #expect(value == nil)
            continue
          }
          var wanted: UInt64 = sign == 1 && bytes[offset + size - 1] >> 7 == 1 ? .max : 0
          for byte in bytes[offset..<(offset + size)].reversed() { wanted = wanted << 8 | UInt64(byte) }
          #expect(value == wanted, "offset \(offset), size \(size), sign \(sign)")
        }
      }
    }
  }
}
