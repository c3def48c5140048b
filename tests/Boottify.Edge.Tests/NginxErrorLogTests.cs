using Boottify.Edge.Files;
using Boottify.Edge.Nginx;

namespace Boottify.Edge.Tests;

public sealed class NginxErrorLogTests : IDisposable
{
    private const int Master = 4711;
    private const string Refusal = "2026/11/28 01:00:00 [emerg] 4711#4711: bind() to 0.0.0.0:80 failed (98: Address already in use)";
    private readonly string _folder = Directory.CreateTempSubdirectory("boottify-log-").FullName;
    private readonly NginxErrorLog _log;

    public NginxErrorLogTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "nginx"));
        _log = new NginxErrorLog(new EdgeFolders(new EdgeSettings
        {
            Listen = new Uri("http://127.0.0.1:1"),
            Token = "",
            Data = _folder,
            Nginx = "",
            Templates = "",
            HttpPort = 80,
            HttpsPort = 443,
            Authorities = [],
        }));
    }

    private string File => Path.Combine(_folder, "nginx/error.log");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_the_master_says_of_itself_is_a_refusal()
    {
        var reader = _log.FromHere();
        Append($"{Refusal}\n");
        reader.Refusals(Master).Should().Be(Refusal);
        reader.Refusals(Master).Should().Be(Refusal, "it stays so");
    }

    [Theory]
    [InlineData("2026/11/28 01:00:00 [error] 4712#4712: *1 client intended to send too large body: 999999999999 bytes, request: \"POST /[emerg] HTTP/1.1\"")]
    [InlineData("2026/11/28 01:00:00 [emerg] 4712#4712: bind() failed")] // Another process than the one that was asked.
    [InlineData("2026/11/28 01:00:00 [emerg] 4711#4711: *7 malloc(4096) failed")] // About a connection.
    [InlineData("2026/11/28 01:00:00 [warn] 4711#4711: 2026/11/28 01:00:00 [emerg] 4711#4711: bind() failed")]
    [InlineData(" 2026/11/28 01:00:00 [emerg] 4711#4711: bind() failed")]
    [InlineData("[emerg]")]
    public void Anything_else_is_none_whatever_it_contains(string line)
    {
        var reader = _log.FromHere();
        Append($"{line}\n");
        reader.Refusals(Master).Should().BeEmpty();
    }

    [Fact]
    public void What_was_there_before_does_not_count_and_a_line_does_once_it_is_whole()
    {
        Append($"{Refusal}\n");
        var reader = _log.FromHere();
        reader.Refusals(Master).Should().BeEmpty();
        Append(Refusal[..40]);
        reader.Refusals(Master).Should().BeEmpty();
        Append($"{Refusal[40..]}\n");
        reader.Refusals(Master).Should().Be(Refusal);
    }

    [Fact]
    public void A_refusal_is_found_in_a_flood_and_in_a_log_that_was_turned()
    {
        var noise = string.Concat(Enumerable.Repeat("2026/11/28 01:00:00 [error] 4712#4712: *1 x, request: \"GET /[emerg] HTTP/1.1\"\n", 100_000)); // 8 MB.
        var reader = _log.FromHere();
        Append(noise);
        Append($"{Refusal}\n");
        reader.Refusals(Master).Should().Be(Refusal);

        var second = _log.FromHere();
        System.IO.File.Move(File, File + ".1");
        second.Refusals(Master).Should().BeEmpty();
        Append($"{Refusal}\n");
        second.Refusals(Master).Should().Be(Refusal);
    }

    private void Append(string text) => System.IO.File.AppendAllText(File, text);
}
