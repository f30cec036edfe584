(* The streams of the extracted checker: each element is read when it is asked for. And its delayed values. *)

type 'a t = 'a cell Lazy.t
and 'a cell = Done | More of 'a * 'a t

let done_ : 'a t = Lazy.from_val Done
let more (a, rest) : 'a t = Lazy.from_val (More (a, rest))
let case if_done if_more (s : 'a t) = match Lazy.force s with Done -> if_done () | More (a, rest) -> if_more a rest

type 'a delayed = 'a Lazy.t

let delay make : 'a delayed = lazy (make ())
let forced use (d : 'a delayed) = use (fun () -> Lazy.force d)
