(** Layers of a graph: rows that the value of a step tells, of entries of one atom, and a proof that they give these entries. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals FMapPositive Lra Lia.
From Proof Require Import Layers Streams Tables Combinations OneLayer.
From Proof.rules Require Import Blocks.
From Proof.convolution Require Import Convolutions Unrolled.
From Proof.networks Require Import Graphs GraphForms GraphIntervals EndsOfGraphs GraphEnds Rank.
Import ListNotations.
Open Scope Z_scope.

(** Why something is not accepted: for the words of the program, nothing rests on it. *)
Inductive graph_fault :=
  | NotWellFormed
  | OfRowsProof (why : reason)
  | OfBoxesProof (why : fault)
  | OfBlockProof (why : reason)
  | SourceNoAtom
  | NotColumns (size : Z)
  | NotOneNumber (entry : Z)
  | LayerDomain
  | BoundCount (columns bounds : Z)
  | NegativeColumn
  | ColumnOutside (column : Z)
  | NoSuchBound (row : Z)
  | NotTold (row : Z)
  | OutsideColumns (row : Z)
  | RankShape (rows columns : Z)
  | RankNotTold
  | TooManyEntries (rows : Z)
  | NoPivot (column : Z)
  | SizeNotAmong
  | NotAsMany
  | OtherRow (row : Z)
  | NoRelu
  | OtherShape
  | ReadsMore
  | OtherBlockRow (row : Z)
  | OtherBlockColumn (column : Z)
  | NotKnown (input : Z).

Inductive graph_answer (A : Type) :=
  | Right (result : A)
  | Wrong (why : graph_fault).
Arguments Right {A}.
Arguments Wrong {A}.

(** A graph with what is known about it. *)
Record prepared_graph := Prepared {
  the_graph : graph;
  the_sizes : table Z;
  the_steps : table (option step);
  the_ends : ends_table }.

Definition prepared_graph_of (K : domain) (G : graph) : option prepared_graph :=
  match sizes_of G with
  | None => None
  | Some sizes =>
      Some (Prepared G sizes
        (with_entries (with_entries no_entries (map (fun _ => None) (graph_inputs G))) (map Some (graph_steps G)))
        (ends_of K G sizes))
  end.

Definition is_atom (P : prepared_graph) (v : Z) : bool :=
  match entry (the_steps P) v with
  | None => false
  | Some None => true
  | Some (Some s) => negb (is_affine (operation_of s))
  end.

(** The value of which v tells something: what its step reads, or itself. *)
Definition told_value (P : prepared_graph) (v : Z) : Z :=
  match entry (the_steps P) v with
  | Some (Some s) => match reads s with z :: _ => if reads_entries (operation_of s) then z else v | [] => v end
  | _ => v
  end.

Definition slopes_of_value (P : prepared_graph) (v : Z) : table Q :=
  match entry (the_steps P) v with Some (Some s) => slope_table (operation_of s) | _ => no_entries end.

(** What the value tells of the entry i of that one. *)
Definition told_at (P : prepared_graph) (v : Z) (slopes : table Q) (i : Z) : told :=
  match entry (the_steps P) v with
  | Some (Some s) =>
      if is_affine (operation_of s) then TellsAll
      else match reads s with
           | z :: _ =>
               if reads_entries (operation_of s) then
                 told_by (operation_of s) slopes i (Delay (fun _ => interval_at (the_ends P) z i))
               else Tells []
           | [] => Tells []
           end
  | _ => Tells []
  end.

Definition same_rational (p q : Q) : bool := Qnum p * Zpos (Qden q) =? Qnum q * Zpos (Qden p).

Definition is_told (t : told) (sign : Z) (shift : Q) : bool :=
  match t with
  | TellsAll => true
  | Tells functions => existsb (fun p => (fst p =? sign) && same_rational (snd p) shift) functions
  end.

(** ** Rows *)

Definition one_number (e : interval) : option Q :=
  match low_end e, high_end e with Some a, Some b => if same_rational a b then Some a else None | _, _ => None end.

(** The columns, if they are different entries below the size. *)
Fixpoint column_set (size : Z) (columns : list Z) (seen : PositiveMap.t unit) : option (PositiveMap.t unit) :=
  match columns with
  | [] => Some seen
  | j :: rest =>
      if (0 <=? j) && (j <? size) then
        match PositiveMap.find (place j) seen with
        | Some _ => None
        | None => column_set size rest (PositiveMap.add (place j) tt seen)
        end
      else None
  end.

Definition is_column (set : PositiveMap.t unit) (j : Z) : bool :=
  match PositiveMap.find (place j) set with Some _ => true | None => false end.

(** The first entry of the source that is no column and not one number. *)
Fixpoint first_open (ends : ends_table) (source : Z) (set : PositiveMap.t unit) (entries : list Z) : option Z :=
  match entries with
  | [] => None
  | j :: rest =>
      if is_column set j then first_open ends source set rest
      else match one_number (interval_at ends source j) with Some _ => first_open ends source set rest | None => Some j end
  end.

Definition coefficient_at (m : PositiveMap.t Z) (j : Z) : Z := match PositiveMap.find (place j) m with Some k => k | None => 0 end.

(** The parts of a form over d, with a sign: those in columns, and the others, which are numbers, with the constant. *)
Fixpoint row_parts (ends : ends_table) (source : Z) (set : PositiveMap.t unit) (sign : Z) (d : positive) (ps : list part)
  (m : PositiveMap.t Z) (c : Q) : option (PositiveMap.t Z * Q) :=
  match ps with
  | [] => Some (m, c)
  | p :: ps' =>
      let j := part_entry p in
      if (part_value p =? source) && (0 <=? j) then
        if is_column set j then
          row_parts ends source set sign d ps' (PositiveMap.add (place j) (coefficient_at m j + sign * part_factor p) m) c
        else
          match one_number (interval_at ends source j) with
          | Some q => row_parts ends source set sign d ps' m (reduced (c + (sign * part_factor p # d) * q)%Q)
          | None => None
          end
      else None
  end.

Definition made_row (ends : ends_table) (source : Z) (columns : list Z) (set : PositiveMap.t unit) (sign : Z) (shift : Q) (f : form)
  : option row :=
  let d := form_denominator f in
  match row_parts ends source set sign (Z.to_pos d) (parts f) (PositiveMap.empty Z)
          (reduced ((sign * form_constant f # Z.to_pos d) + shift)%Q) with
  | None => None
  | Some (m, c) =>
      let common := Z.lcm d (Zpos (Qden c)) in
      let s := Z.quot common d in
      let t := Z.quot common (Zpos (Qden c)) in
      if (0 <? d) && (0 <? common) && (s * d =? common) && (t * Zpos (Qden c) =? common) then
        let e := Z.to_pos common in
        let zero := Qmake 0 e in
        Some (Row (map (fun j => match PositiveMap.find (place j) m with Some k => Qmake (s * k) e | None => zero end) columns)
                  (Qmake (t * Qnum c) e))
      else None
  end.

(** The sign, the entry and the shift of the row with a code. *)
Definition row_function (P : prepared_graph) (output n code : Z) : option (Z * Z * Q) :=
  let sign := if 0 <? code then 1 else -1 in
  let a := Z.abs code - 1 in
  let i := a mod n in
  let part := a / n in
  if part =? 0 then Some (sign, i, 0%Q)
  else if part =? 1 then
    match entry (the_steps P) output with
    | Some (Some (Step (ClipStep least most) _)) =>
        match (if 0 <? sign then option_map Qopp least else most) with Some shift => Some (sign, i, shift) | None => None end
    | _ => None
    end
  else None.

(** The rows, and whether all of the entry is told. *)
Fixpoint layer_rows (P : prepared_graph) (forms : table value_forms) (output z n source : Z) (slopes : table Q) (columns : list Z)
  (set : PositiveMap.t unit) (number : Z) (codes : list Z) : graph_answer (list (row * bool)) :=
  match codes with
  | [] => Right []
  | code :: rest =>
      match row_function P output n code with
      | None => Wrong (NoSuchBound number)
      | Some (sign, i, shift) =>
          let t := told_at P output slopes i in
          if is_told t sign shift then
            match form_of forms z i with
            | None => Wrong NotWellFormed
            | Some f =>
                match made_row (the_ends P) source columns set sign shift f with
                | None => Wrong (OutsideColumns number)
                | Some r =>
                    match layer_rows P forms output z n source slopes columns set (number + 1) rest with
                    | Right l => Right ((r, match t with TellsAll => true | Tells _ => false end) :: l)
                    | Wrong why => Wrong why
                    end
                end
            end
          else Wrong (NotTold number)
      end
  end.

(** ** The domain *)

Fixpoint first_outside (number : Z) (lower upper : list Q) (ends : list interval) : option graph_fault :=
  match lower, upper, ends with
  | [], [], [] => None
  | l :: lower', u :: upper', e :: ends' =>
      match low_end e, high_end e with
      | Some a, Some b =>
          if at_most l a && at_most b u then first_outside (number + 1) lower' upper' ends' else Some (ColumnOutside number)
      | _, _ => Some (ColumnOutside number)
      end
  | _, _, _ => Some NotWellFormed
  end.

(** Why the domain need not hold the columns. *)
Definition domain_fault (K : domain) (ends : ends_table) (source : Z) (columns : list Z) : option graph_fault :=
  match K with
  | Space => None
  | Orthant =>
      if forallb (fun j => is_nonnegative_end (low_end (interval_at ends source j))) columns then None else Some NegativeColumn
  | Box lower upper =>
      if Nat.eqb (length lower) (length columns) then first_outside 0 lower upper (map (interval_at ends source) columns)
      else Some (BoundCount (Z.of_nat (length columns)) (Z.of_nat (length lower)))
  | _ => Some LayerDomain
  end.

(** ** The proof *)

(** What shows that the rows give the columns: proofs are read when the rows are there. *)
Inductive rows_evidence :=
  | ByRank (modulus : Z)
  | ByRowsProof (proof : list row -> rows_proof)
  | ByBlocksProof (blocks : list row -> stream block).

Definition most_entries : Z := 33554432.

Definition of_rows_outcome (o : outcome unit) : option graph_fault :=
  match o with Good _ => None | Bad why => Some (OfRowsProof why) end.

Definition numerators (r : row) : list Z := map Qnum (normal r).

Definition rank_fault (modulus : Z) (n : nat) (rows : list (row * bool)) : option graph_fault :=
  if forallb snd rows then
    let m := Z.of_nat n in
    if most_entries <? m * m then Some (TooManyEntries m)
    else match column_without_pivot modulus n (map (fun r => numerators (fst r)) rows) with
         | Some column => Some (NoPivot column)
         | None => None
         end
  else Some RankNotTold.

Definition evidence_fault (n : nat) (K : domain) (e : rows_evidence) (rows : list (row * bool)) : option graph_fault :=
  match e with
  | ByRank modulus => rank_fault modulus n rows
  | ByRowsProof proof =>
      let made := map fst rows in
      let p := proof made in
      if shows_injective p then of_rows_outcome (check_rows n K made p) else Some NotWellFormed
  | ByBlocksProof blocks => let made := map fst rows in of_rows_outcome (check_blocks n K made (blocks made))
  end.

Definition rank_shape (n : nat) (e : rows_evidence) (codes : list Z) : option graph_fault :=
  match e with
  | ByRank _ => if Nat.eqb (length codes) n then None else Some (RankShape (Z.of_nat (length codes)) (Z.of_nat n))
  | _ => None
  end.

Record rows_layer := RowsLayer {
  layer_output : Z; layer_source : Z; read_columns : list Z; layer_codes : list Z; layer_domain : domain;
  layer_evidence : delayed rows_evidence }.

(** The columns of a layer as a set, if the source has no other entries that are not one number. *)
Definition layer_column_set (P : prepared_graph) (source : Z) (columns : list Z) : graph_answer (PositiveMap.t unit) :=
  if is_atom P source then
    match entry (the_sizes P) source with
    | None => Wrong NotWellFormed
    | Some n =>
        match column_set n columns (PositiveMap.empty unit) with
        | None => Wrong (NotColumns n)
        | Some set =>
            match first_open (the_ends P) source set (numbers n) with
            | Some j => Wrong (NotOneNumber j)
            | None => Right set
            end
        end
    end
  else Wrong SourceNoAtom.

Definition layer_fault (P : prepared_graph) (L : rows_layer) : option graph_fault :=
  let source := layer_source L in
  let columns := read_columns L in
  match layer_column_set P source columns with
  | Wrong why => Some why
  | Right set =>
      match domain_fault (layer_domain L) (the_ends P) source columns with
      | Some why => Some why
      | None =>
          let z := told_value P (layer_output L) in
          match entry (the_sizes P) z with
          | None => Some NotWellFormed
          | Some m =>
              let e := force (layer_evidence L) in
              let n := length columns in
              match rank_shape n e (layer_codes L) with
              | Some why => Some why
              | None =>
                  match layer_rows P (forms_of (the_sizes P) (the_graph P)) (layer_output L) z m source
                          (slopes_of_value P (layer_output L)) columns set 0 (layer_codes L) with
                  | Wrong why => Some why
                  | Right rows => evidence_fault n (layer_domain L) e rows
                  end
              end
          end
      end
  end.
