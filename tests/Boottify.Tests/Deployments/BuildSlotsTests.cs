using Boottify.Deployments.Queue;

namespace Boottify.Tests.Deployments;

public class BuildSlotsTests
{
    private bool stopped;

    [Fact]
    public async Task One_that_left_while_it_waited_has_its_turn_before_anything_new_begins()
    {
        var slots = Slots(1);
        var changes = 0;
        using var waits = new Room(slots, () => changes++);
        using var other = NewRoom(slots);
        waits.TryBeginBuilding().Should().BeTrue();
        slots.HasRoom.Should().BeFalse();
        waits.LeaveBuild();
        waits.LeaveBuild();
        changes.Should().Be(1);
        slots.HasRoom.Should().BeTrue("it holds up nobody");

        other.TryBeginBuilding().Should().BeTrue();
        var turn = waits.TakeBuildAsync(default);
        turn.IsCompleted.Should().BeFalse();
        other.LeaveBuild();
        await turn;
        slots.HasRoom.Should().BeFalse("it came first");
        (await Taken(other.TakeBuildAsync(new CancellationToken(canceled: true)))).Should().BeFalse();
        waits.Dispose();
        slots.HasRoom.Should().BeTrue("who was cancelled waits no more, and what is over builds no more");
    }

    [Fact]
    public async Task What_is_taken_over_from_a_node_that_is_gone_waits_like_any_other_however_many_there_are()
    {
        var slots = Slots(1);
        using var own = NewRoom(slots);
        own.TryBeginBuilding().Should().BeTrue();
        var over = Enumerable.Range(0, 3).Select(_ => NewRoom(slots)).ToList();
        over.Select(room => room.TryBeginBuilding()).Should().AllBeEquivalentTo(false);
        var turns = over.ConvertAll(room => room.TakeBuildAsync(default));
        over.Should().OnlyContain(room => room.Rests, "they keep the node from nothing else");

        own.LeaveBuild();
        for (var n = 0; n < over.Count; n++)
        {
            await turns[n];
            over[n].Rests.Should().BeFalse();
            turns.Skip(n + 1).Should().OnlyContain(turn => !turn.IsCompleted, "one builds at a time, in the order in which they came");
            NewRoom(slots).TryBeginBuilding().Should().BeFalse("nothing new goes past them");
            await over[n].TakeBuildAsync(default);
            over[n].Dispose();
        }

        slots.HasRoom.Should().BeTrue();
    }

    [Fact]
    public async Task While_builds_are_stopped_none_begins_and_each_has_its_turn_afterwards()
    {
        var slots = Slots(2);
        using var runs = NewRoom(slots);
        using var over = NewRoom(slots);
        using var next = NewRoom(slots);
        runs.TryBeginBuilding().Should().BeTrue();
        stopped = true;
        NewRoom(slots).TryBeginBuilding().Should().BeFalse();
        var turn = over.TakeBuildAsync(default);
        await runs.TakeBuildAsync(default);
        runs.LeaveBuild();
        slots.Offer();
        turn.IsCompleted.Should().BeFalse("a free slot is not enough");
        over.IsStopped.Should().BeTrue();
        using var cancelled = new CancellationTokenSource();
        var given = next.TakeBuildAsync(cancelled.Token);
        await cancelled.CancelAsync();
        (await Taken(given)).Should().BeFalse("it can be cancelled at any time");

        stopped = false;
        turn.IsCompleted.Should().BeFalse("nobody has told yet");
        slots.Offer();
        await turn;
        slots.HasRoom.Should().BeTrue("one of two is taken");
    }

    [Fact]
    public async Task A_slot_that_comes_to_one_that_was_cancelled_at_that_moment_is_not_lost()
    {
        var slots = Slots(1);
        for (var n = 0; n < 200; n++)
        {
            using var own = NewRoom(slots);
            using var waits = NewRoom(slots);
            own.TryBeginBuilding().Should().BeTrue();
            using var cancelled = new CancellationTokenSource();
            var turn = waits.TakeBuildAsync(cancelled.Token);
            await Task.WhenAll(Task.Run(own.LeaveBuild), Task.Run(cancelled.Cancel));
            if (await Taken(turn))
                waits.LeaveBuild();
            slots.HasRoom.Should().BeTrue();
        }
    }

    private BuildSlots Slots(int most) => new(most, () => stopped);

    private static Room NewRoom(BuildSlots slots) => new(slots, () => { });

    private static async Task<bool> Taken(Task turn)
    {
        await turn.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return turn.IsCompletedSuccessfully;
    }
}
