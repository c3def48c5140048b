using Boottify.Deployments.Queue;

namespace Boottify.Tests.Deployments;

public class BuildSlotsTests
{
    [Fact]
    public async Task One_that_left_while_it_waited_has_its_turn_before_anything_new_begins()
    {
        var slots = new BuildSlots(1);
        var changes = 0;
        using var waits = new Room(slots, () => changes++);
        using var other = new Room(slots, () => { });
        waits.BeginBuilding();
        slots.HasRoom.Should().BeFalse();
        waits.LeaveBuild();
        waits.LeaveBuild();
        changes.Should().Be(1);
        slots.HasRoom.Should().BeTrue("it holds up nobody");

        other.BeginBuilding();
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
    public async Task More_than_there_are_slots_for_go_on_where_another_node_had_begun_and_no_more_begin()
    {
        var slots = new BuildSlots(1);
        var rooms = Enumerable.Range(0, 3).Select(_ => new Room(slots, () => { })).ToList();
        rooms[0].BeginBuilding();
        rooms[1].BeginBuilding();
        var turn = rooms[2].TakeBuildAsync(default);
        rooms[0].LeaveBuild();
        turn.IsCompleted.Should().BeFalse("one still builds");
        rooms[1].LeaveBuild();
        await turn;
        await rooms[2].TakeBuildAsync(default);
        rooms.ForEach(room => room.Dispose());
        slots.HasRoom.Should().BeTrue();
    }

    private static async Task<bool> Taken(Task turn)
    {
        await turn.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return turn.IsCompletedSuccessfully;
    }
}
