using System.Formats.Tar;
using Boottify.Builds;

namespace Boottify.Tests.Builds;

public class BuildContextTests
{
    private static readonly Dictionary<string, string> Ours = new(StringComparer.Ordinal) { [Dockerfiles.FileName] = "FROM x" };

    [Fact]
    public async Task The_context_holds_the_files_but_neither_git_nor_what_is_ignored()
    {
        using var folder = new TemporaryFolder()
            .With(".git/config", "x").With("Dockerfile", "FROM x").With(".dockerignore", "Dockerfile\nsecret\nlogs\n!logs/keep\n")
            .With("secret", "x").With("logs/a", "x").With("logs/keep", "x").With("src/b.js", "x");
        (await EntriesAsync(folder, [])).Select(entry => entry.Name).Should().Equal(".dockerignore", "Dockerfile", "logs/keep", "src/", "src/b.js");
    }

    [Fact]
    public async Task With_a_template_our_files_replace_the_apps_own_and_stay_out_of_the_image()
    {
        using var folder = new TemporaryFolder().With("index.html", "x").With(".boottify/Dockerfile", "FROM evil").With(".dockerignore", "x").With("node_modules/a", "x");
        var entries = await EntriesAsync(folder, Ours);
        entries.Select(entry => entry.Name).Should().Equal("index.html", ".boottify/Dockerfile", ".dockerignore");
        entries.Single(entry => entry.Name == ".boottify/Dockerfile").Text.Should().Be("FROM x");
        entries.Single(entry => entry.Name == ".dockerignore").Text.Should().Contain(Dockerfiles.FileName);
    }

    [Fact]
    public async Task A_link_stays_a_link_whatever_it_points_to()
    {
        using var folder = new TemporaryFolder().With("a", "x").WithLink("passwords", "/etc/shadow").WithLink("above", "..");
        var entries = await EntriesAsync(folder, []);
        entries.Select(entry => (entry.Name, entry.Type, entry.Link)).Should().Equal(
            ("a", TarEntryType.RegularFile, ""), ("above", TarEntryType.SymbolicLink, ".."), ("passwords", TarEntryType.SymbolicLink, "/etc/shadow"));
    }

    [Fact]
    public async Task Owners_times_and_modes_are_the_same_for_every_checkout()
    {
        using var folder = new TemporaryFolder().With("run.sh", "x").With("data", "x");
        File.SetUnixFileMode(Path.Combine(folder.Path, "run.sh"), UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(Path.Combine(folder.Path, "data"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var first = await EntriesAsync(folder, []);
        File.SetLastWriteTimeUtc(Path.Combine(folder.Path, "data"), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        (await EntriesAsync(folder, [])).Should().Equal(first);
        first.Should().OnlyContain(entry => entry.Owner == 0);
        first.Select(entry => Convert.ToString((int)entry.Mode, 8)).Should().Equal("644", "755");
    }

    private static async Task<List<Item>> EntriesAsync(TemporaryFolder folder, Dictionary<string, string> added)
    {
        var items = new List<Item>();
        await BuildContext.StreamAsync(
            SourceFolder.Open(folder.Path, ""),
            added,
            async stream =>
            {
                await using var tar = new TarReader(stream);
                while (await tar.GetNextEntryAsync(copyData: true, TestContext.Current.CancellationToken) is { } entry)
                {
                    using var text = entry.DataStream is null ? null : new StreamReader(entry.DataStream);
                    items.Add(new(entry.Name, entry.EntryType, entry.LinkName, entry.Mode, entry.Uid + entry.Gid, entry.ModificationTime, text?.ReadToEnd()));
                }

                return true;
            },
            TestContext.Current.CancellationToken);
        return items;
    }

    private sealed record Item(string Name, TarEntryType Type, string Link, UnixFileMode Mode, int Owner, DateTimeOffset At, string? Text);
}
