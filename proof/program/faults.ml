(* The ways in which a check ends besides success. *)

exception Unreadable of string (* not a certificate, or not a layer, in the documented format *)
exception Rejected of string (* read, but the claim does not follow *)

let unreadable format = Printf.ksprintf (fun text -> raise (Unreadable text)) format
let rejected format = Printf.ksprintf (fun text -> raise (Rejected text)) format
