using Boottify.Builds;
using Boottify.Logs;
using FsCheck;
using FsCheck.Fluent;

namespace Boottify.Tests.Builds;

public class BuildOutputTests
{
    [Fact]
    public void A_line_in_pieces_becomes_one_line() =>
        Lines("one li", "ne\ntwo", "", " lines\n", "rest").Should().Equal(Out("one line"), Out("two lines"), Out("rest"));

    [Fact]
    public void Pieces_of_both_streams_do_not_mix() =>
        Lines("out", Red("err"), "put\n", Red("or\n")).Should().Equal(Out("output"), new OutputLine(LogOrigin.Stderr, "error"));

    [Fact]
    public void A_progress_bar_leaves_its_last_state() =>
        Lines("10%\r20%\r", "30%\r", "100%\n", "windows\r\n").Should().Equal(Out("100%"), Out("windows"));

    [Fact]
    public void An_endless_line_is_cut_and_nothing_of_it_is_lost()
    {
        var text = string.Concat(Enumerable.Repeat("0123456789", 5000));
        var lines = Lines(text, "\n");
        lines.Should().OnlyContain(line => line.Text.Length <= BuildOutput.LongestLine + 1);
        string.Concat(lines.Select(line => line.Text)).Should().Be(text);
    }

    [Fact]
    public void An_endless_progress_bar_needs_no_endless_memory()
    {
        var output = new BuildOutput();
        for (var i = 0; i < 10_000; i++)
            output.Take($"\r{i} of 10000").Should().BeEmpty();
        output.End().Should().Equal(Out("9999 of 10000"));
    }

    [Theory]
    [InlineData("Step 3/7 : RUN npm ci")]
    [InlineData(" ---> Using cache")]
    [InlineData(" ---> Running in 0123456789ab")]
    [InlineData("Removing intermediate container 0123456789ab")]
    [InlineData("Successfully built 0123456789ab")]
    public void What_the_engine_itself_says_is_told_apart(string line) =>
        Lines(line + "\n").Should().Equal(new OutputLine(LogOrigin.System, line));

    [Fact]
    public void The_step_under_way_is_known()
    {
        var output = new BuildOutput();
        output.Take("Step 1/2 : FROM x\n ---> 1\nStep 2/2 : RUN npm run build\n").Should().HaveCount(3);
        output.Step.Should().Be("2/2 RUN npm run build");
    }

    [Theory]
    [InlineData(" ---> Running in 0123456789ab", "0123456789ab")]
    [InlineData(" ---> Running in 0123456789ab; rm", null)]
    [InlineData(" ---> 0123456789ab", null)]
    public void The_container_that_a_step_runs_in_is_read_from_the_engines_line(string line, string? container) =>
        BuildOutput.StartedContainer(Lines(line + "\n").Single()).Should().Be(container);

    [Fact]
    public void However_the_output_is_cut_into_pieces_the_lines_are_the_same() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<NonEmptyArray<PositiveInt>>(),
            cuts =>
            {
                const string Text = "first\nStep 1/2 : RUN x\n\nlast line of all\nno end";
                var pieces = new List<string>();
                var at = 0;
                foreach (var cut in cuts.Get)
                {
                    var end = Math.Min(Text.Length, at + cut.Get);
                    pieces.Add(Text[at..end]);
                    at = end;
                }

                pieces.Add(Text[at..]);
                return Lines([.. pieces]).Select(line => line.Text).SequenceEqual(Text.Split('\n'));
            }).QuickCheckThrowOnFailure();

    private static List<OutputLine> Lines(params string[] pieces)
    {
        var output = new BuildOutput();
        return [.. pieces.SelectMany(piece => output.Take(piece).ToList()), .. output.End()];
    }

    private static OutputLine Out(string text) => new(LogOrigin.Stdout, text);

    private static string Red(string text) => $"\u001b[91m{text}\u001b[0m";
}
