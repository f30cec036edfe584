(** Layers of a graph that are residual blocks up to a matrix: M x + M B h + c with h = ReLU(Ax + b), where only 0 is
    orthogonal to the rows of M and the block x + B h is proved to be injective. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals FMapPositive Lra Lia.
From Proof Require Import Layers Networks Streams Integers Rows Tables Combinations NetworkChecker.
From Proof.convolution Require Import Convolutions Windows.
From Proof.networks Require Import Graphs GraphForms FormsOfGraphs GraphRuns GraphIntervals EndsOfGraphs GraphEnds Rank
  GraphLayers LayersOfGraphs.
Import ListNotations.
Open Scope Z_scope.

Record residual_layer := ResidualLayer {
  residual_output : Z; residual_source : Z; residual_hidden : Z; residual_domain : domain;
  the_block : residual_block; residual_modulus : Z; residual_evidence : delayed block_evidence }.

(** The parts of a form that are the first n entries of the source, and the first k of the hidden value; none are left. *)
Fixpoint split_parts (source n hidden k : Z) (ps : list part) (ms mh : PositiveMap.t Z) : option (PositiveMap.t Z * PositiveMap.t Z) :=
  match ps with
  | [] => Some (ms, mh)
  | p :: ps' =>
      let j := part_entry p in
      if (part_value p =? source) && (0 <=? j) && (j <? n) then
        split_parts source n hidden k ps' (PositiveMap.add (place j) (coefficient_at ms j + part_factor p) ms) mh
      else if (part_value p =? hidden) && (0 <=? j) && (j <? k) then
        split_parts source n hidden k ps' ms (PositiveMap.add (place j) (coefficient_at mh j + part_factor p) mh)
      else None
  end.

Definition split_form (source n hidden k : Z) (f : form) : option (list Z * list Z) :=
  match split_parts source n hidden k (parts f) (PositiveMap.empty Z) (PositiveMap.empty Z) with
  | Some (ms, mh) => Some (map (coefficient_at ms) (numbers n), map (coefficient_at mh) (numbers k))
  | None => None
  end.

(** z over d is the rational. *)
Definition is_rational (d z : Z) (q : Q) : bool := z * Zpos (Qden q) =? Qnum q * d.

Fixpoint are_rationals (d : Z) (zs : list Z) (qs : list Q) : bool :=
  match zs, qs with
  | [], [] => true
  | z :: zs', q :: qs' => is_rational d z q && are_rationals d zs' qs'
  | _, _ => false
  end.

(** Whether the value z has the forms Ax + b. *)
Fixpoint hidden_fault (forms : table value_forms) (z source n : Z) (number : Z) (rows : list row) : option graph_fault :=
  match rows with
  | [] => None
  | r :: rest =>
      match form_of forms z number with
      | None => Some NotWellFormed
      | Some f =>
          match split_form source n 0 0 f with
          | None => Some ReadsMore
          | Some (w, _) =>
              let d := form_denominator f in
              if are_rationals d w (normal r) && is_rational d (form_constant f) (bias r)
              then hidden_fault forms z source n (number + 1) rest else Some (OtherBlockRow number)
          end
      end
  end.

(** The rows of M with those of N, for the entries of the output with these numbers. *)
Fixpoint output_rows (forms : table value_forms) (output source n hidden k : Z) (entries : list Z)
  : graph_answer (list (list Z * list Z)) :=
  match entries with
  | [] => Right []
  | i :: rest =>
      match form_of forms output i with
      | None => Wrong NotWellFormed
      | Some f =>
          match split_form source n hidden k f with
          | None => Wrong ReadsMore
          | Some r =>
              match output_rows forms output source n hidden k rest with
              | Right l => Right (r :: l)
              | Wrong why => Wrong why
              end
          end
      end
  end.

Fixpoint transposed {A : Type} (columns : nat) (rows : list (list A)) : list (list A) :=
  match rows with
  | [] => repeat [] columns
  | r :: rest => map (fun p => fst p :: snd p) (combine r (transposed columns rest))
  end.

Fixpoint integer_columns (columns : list (list Q)) : option (list (list Z * Z)) :=
  match columns with
  | [] => Some []
  | c :: rest =>
      match over_one_denominator c, integer_columns rest with Some z, Some l => Some (z :: l) | _, _ => None end
  end.

(** The first column of B at which the row of N is not that of M B. *)
Fixpoint other_column (number : Z) (m : list Z) (row : list Z) (columns : list (list Z * Z)) : option Z :=
  match row, columns with
  | [], [] => None
  | e :: row', (c, d) :: columns' => if product m c =? e * d then other_column (number + 1) m row' columns' else Some number
  | _, _ => Some number
  end.

Fixpoint other_columns (rows : list (list Z * list Z)) (columns : list (list Z * Z)) : option Z :=
  match rows with
  | [] => None
  | (m, e) :: rest => match other_column 0 m e columns with Some j => Some j | None => other_columns rest columns end
  end.

Definition is_relu (op : operation) : bool :=
  match op with LeakyStep _ slopes => forallb (fun q => Qnum q =? 0) slopes | _ => false end.

Definition not_by_points (e : block_evidence) : bool := match e with BlockCollision _ _ => false | _ => true end.

Definition block_fault (n : nat) (K : domain) (f : residual_block) (e : block_evidence) : option graph_fault :=
  if not_by_points e then
    match check_residual_block n K f e with Good _ => None | Bad why => Some (OfBlockProof why) end
  else Some NotWellFormed.

(** The matrix M is one of which only 0 is orthogonal to all rows, N = M B, and the domain holds the source. *)
Definition matrices_fault (P : prepared_graph) (L : residual_layer) (rows : list (list Z * list Z)) : option graph_fault :=
  let f := the_block L in
  let n := length (back f) in
  let m := Z.of_nat n in
  if most_entries <? m * m then Some (TooManyEntries m)
  else match column_without_pivot (residual_modulus L) n (map fst rows), integer_columns (transposed (length (hidden f)) (back f)) with
       | Some column, _ => Some (NoPivot column)
       | None, None => Some NotWellFormed
       | None, Some columns =>
           match other_columns rows columns with
           | Some j => Some (OtherBlockColumn j)
           | None => domain_fault (residual_domain L) (the_ends P) (residual_source L) (numbers m)
           end
       end.

Definition residual_fault (P : prepared_graph) (L : residual_layer) : option graph_fault :=
  let f := the_block L in
  let n := Z.of_nat (length (back f)) in
  let k := Z.of_nat (length (hidden f)) in
  let source := residual_source L in
  if negb (is_atom P source) then Some SourceNoAtom
  else match entry (the_steps P) (residual_hidden L) with
  | Some (Some (Step op (z :: _))) =>
      if is_relu op then
        match entry (the_sizes P) source, entry (the_sizes P) (residual_hidden L), entry (the_sizes P) (residual_output L) with
        | Some n', Some k', Some m' =>
            if (n' =? n) && (k' =? k) && (m' =? n) && forallb (has_length (length (hidden f))) (back f)
               && forallb (fun r => has_length (length (back f)) (normal r)) (hidden f) then
              let forms := forms_of (the_sizes P) (the_graph P) in
              match hidden_fault forms z source n 0 (hidden f) with
              | Some why => Some why
              | None =>
                  match output_rows forms (residual_output L) source n (residual_hidden L) k (numbers n) with
                  | Wrong why => Some why
                  | Right rows =>
                      match matrices_fault P L rows with
                      | Some why => Some why
                      | None => block_fault (length (back f)) (residual_domain L) f (force (residual_evidence L))
                      end
                  end
              end
            else Some OtherShape
        | _, _, _ => Some NotWellFormed
        end
      else Some NoRelu
  | _ => Some NoRelu
  end.

(** * Proof *)

Open Scope R_scope.

(** The first entries of a value as a point. *)
Definition entries_point (v : list R) : point := fun j => entry_at v (Z.of_nat j).

Lemma idot_total : forall (h : Z -> Z) (v : list R) n,
  idot (map h (numbers n)) (entries_point v) = total (fun j => IZR (h j) * entry_at v j) (numbers n).
Proof.
  intros h v n. unfold numbers.
  assert (G : forall k i,
    idot (map h (numbers_from k i)) (fun j => entry_at v (i + Z.of_nat j)) = total (fun j =>
      IZR (h j) * entry_at v j) (numbers_from k i)).
  { induction k as [|k IH]; intro i; cbn [numbers_from map idot total]; [reflexivity|]. f_equal.
    - f_equal. f_equal. lia.
    - rewrite <- IH. apply idot_ext. intros j _. f_equal. lia. }
  rewrite <- G. apply idot_ext. intros j _. reflexivity.
Qed.

Lemma numbers_differ : forall n, NoDup (numbers n).
Proof. intro n. rewrite numbers_below. unfold below. apply NoDup_map_injective; [apply Nat2Z.inj|apply seq_NoDup]. Qed.

Lemma in_numbers : forall n j, In j (numbers n) <-> (0 <= j < n)%Z.
Proof. intros n j. rewrite numbers_below. apply in_below. Qed.

Lemma split_parts_value : forall V source n hidden k ps ms mh ms' mh', split_parts source n hidden k ps ms mh = Some (ms', mh') ->
  total (fun j => IZR (coefficient_at ms' j) * entry_at (V source) j) (numbers n) + total (fun j =>
    IZR (coefficient_at mh' j) * entry_at (V hidden) j) (numbers k)
  = total (fun j => IZR (coefficient_at ms j) * entry_at (V source) j) (numbers n) + total (fun j =>
    IZR (coefficient_at mh j) * entry_at (V hidden) j) (numbers k)
    + parts_sum V ps.
Proof.
  intros V source n hidden k. induction ps as [|p ps IH]; intros ms mh ms' mh' H; cbn [split_parts parts_sum] in *.
  - injection H as <- <-. ring.
  - assert (C : forall v m c i,
      In i (numbers m) -> total (fun j =>
        IZR (coefficient_at (PositiveMap.add (place i) (coefficient_at c i + part_factor p)%Z c) j) * entry_at (V v) j) (numbers m)
      = total (fun j => IZR (coefficient_at c j) * entry_at (V v) j) (numbers m) + IZR (part_factor p) * entry_at (V v) i).
    { intros v m c i II. apply (combination_added V v (numbers m) (numbers_differ m)); [|exact II]. intros j J.
      apply in_numbers in J. lia. }
    destruct ((part_value p =? source) && (0 <=? part_entry p) && (part_entry p <? n))%Z eqn:A.
    + apply andb_prop in A as [A A3]. apply andb_prop in A as [A1 A2]. apply Z.eqb_eq in A1. apply IH in H.
      rewrite H, C, A1; [ring|].
      apply in_numbers. lia.
    + destruct ((part_value p =? hidden) && (0 <=? part_entry p) && (part_entry p <? k))%Z eqn:B; [|discriminate].
      apply andb_prop in B as [B B3]. apply andb_prop in B as [B1 B2]. apply Z.eqb_eq in B1. apply IH in H.
      rewrite H, C, B1; [ring|].
      apply in_numbers. lia.
Qed.

Lemma split_form_value : forall V source n hidden k f w e, split_form source n hidden k f = Some (w, e) ->
  idot w (entries_point (V source)) + idot e (entries_point (V hidden)) = parts_sum V (parts f) /\ length w = Z.to_nat n /\
    length e = Z.to_nat k.
Proof.
  intros V source n hidden k f w e H. unfold split_form in H.
  destruct (split_parts _ _ _ _ _ _ _) as [[ms mh]|] eqn:S; [|discriminate].
  injection H as <- <-. apply (split_parts_value V) in S. rewrite !idot_total, S, !map_length, !numbers_below, !below_length.
  split; [|split; reflexivity].
  assert (Z0 : forall v m, total (fun j => IZR (coefficient_at (PositiveMap.empty Z) j) * entry_at (V v) j) m = 0).
  { intros v m. induction m as [|j m IH]; cbn [total]; [reflexivity|]. rewrite IH. unfold coefficient_at.
    rewrite PositiveMap.gempty. ring. }
  rewrite !Z0. ring.
Qed.

Lemma is_rational_value : forall d z q, is_rational d z q = true -> IZR z = Q2R q * IZR d.
Proof.
  intros d z q H. apply Z.eqb_eq, (f_equal IZR) in H. rewrite !mult_IZR in H. destruct (fraction_value q) as [Q0 QP].
  rewrite <- Q0 in H.
  apply Rmult_eq_reg_r with (IZR (Z.pos (Qden q))); lra.
Qed.

Lemma are_rationals_dot : forall d zs qs x, are_rationals d zs qs = true -> idot zs x = IZR d * dot qs x.
Proof.
  intros d. induction zs as [|z zs IH]; intros [|q qs] x H; cbn [are_rationals] in H; try discriminate H; cbn [idot dot]; [ring|].
  apply andb_prop in H as [A H]. rewrite (IH qs _ H), (is_rational_value _ _ _ A). ring.
Qed.

Lemma hidden_right : forall V forms z source n, right_forms V forms ->
  forall rows number, hidden_fault forms z source n number rows = None ->
  forall i r, nth_error rows i = Some r -> affine r (entries_point (V source)) = entry_at (V z) (number + Z.of_nat i).
Proof.
  intros V forms z source n RF. induction rows as [|r rows IH]; intros number H i s N; [destruct i; discriminate N|].
  cbn [hidden_fault] in H.
  destruct (form_of forms z number) as [f|] eqn:F; [|discriminate].
  destruct (split_form source n 0 0 f) as [[w e]|] eqn:SF; [|discriminate].
  destruct (_ && _)%bool eqn:C in H; [|discriminate]. apply andb_prop in C as [C1 C2].
  destruct i as [|i].
  - injection N as <-. apply RF in F as [D F]. unfold numerator in F. apply (split_form_value V) in SF as (SF & _ & LE).
    destruct e; [|discriminate LE]. cbn [idot] in SF. rewrite Rplus_0_r in SF.
    apply (are_rationals_dot _ _ _ (entries_point (V source))) in C1.
    apply is_rational_value in C2. unfold affine. rewrite Z.add_0_r. apply Rmult_eq_reg_l with (IZR (form_denominator f)); [|lra].
    rewrite <- F, <- SF, C1, C2. ring.
  - replace (number + Z.of_nat (S i))%Z with (number + 1 + Z.of_nat i)%Z by lia. apply (IH _ H i s N).
Qed.

Lemma output_rows_right : forall V forms output source n hidden k, right_forms V forms -> forall entries rows,
  output_rows forms output source n hidden k entries = Right rows ->
  Forall2 (fun i r => length (fst r) = Z.to_nat n /\ length (snd r) = Z.to_nat k /\ exists f, form_of forms output i = Some f /\
    0 < IZR (form_denominator f) /\
    idot (fst r) (entries_point (V source)) + idot (snd r) (entries_point (V hidden)) + IZR (form_constant f) = IZR
      (form_denominator f) * entry_at (V output) i)
    entries rows.
Proof.
  intros V forms output source n hidden k RF.
  induction entries as [|i entries IH]; intros rows H; cbn [output_rows] in H; [injection H as <-; constructor|].
  destruct (form_of forms output i) as [f|] eqn:F; [|discriminate].
  destruct (split_form source n hidden k f) as [[w e]|] eqn:S; [|discriminate].
  destruct (output_rows _ _ _ _ _ _ entries) as [l|]; [|discriminate]. injection H as <-. constructor; [|apply IH; reflexivity].
  apply (split_form_value V) in S as (S & L1 & L2). cbn [fst snd]. split; [exact L1|]. split; [exact L2|]. exists f.
  split; [exact F|].
  apply RF in F as [D F]. split; [exact D|]. rewrite S. exact F.
Qed.

(** ** M B *)

Lemma integer_columns_multiples : forall columns zs, integer_columns columns = Some zs ->
  Forall2 (fun z c => multiples (snd z) (fst z) c /\ 0 < IZR (snd z)) zs columns.
Proof.
  induction columns as [|c columns IH]; intros zs H; cbn [integer_columns] in H; [injection H as <-; constructor|].
  destruct (over_one_denominator c) as [[z d]|] eqn:O; [|discriminate]. destruct (integer_columns columns) as [l|]; [|discriminate].
  injection H as <-. constructor; [apply over_one_denominator_spec, O|apply IH; reflexivity].
Qed.

Fixpoint weighted_sum (m : list Z) (c : list Q) : R :=
  match m, c with a :: m', q :: c' => IZR a * Q2R q + weighted_sum m' c' | _, _ => 0 end.

Lemma product_weighted : forall d zs qs, multiples d zs qs -> forall m, IZR (product m zs) = IZR d * weighted_sum m qs.
Proof.
  induction 1 as [|z q zs qs E _ IH]; intros [|a m]; cbn [product weighted_sum]; try ring.
  rewrite plus_IZR, mult_IZR, IH, E. ring.
Qed.

Lemma other_column_none : forall m row number zs columns, other_column number m row zs = None ->
  Forall2 (fun z c => multiples (snd z) (fst z) c /\ 0 < IZR (snd z)) zs columns ->
    Forall2 (fun e c => IZR e = weighted_sum m c) row columns.
Proof.
  intros m. induction row as [|e row IH]; intros number [|[z d] zs] columns H F; cbn [other_column] in H; try discriminate H;
    inversion F as [|? c ? cs [FM FP] FR]; subst; constructor.
  - destruct (Z.eqb_spec (product m z) (e * d)) as [E|]; [|discriminate]. cbn [fst snd] in *. apply (f_equal IZR) in E.
    rewrite (product_weighted _ _ _ FM), mult_IZR in E. apply Rmult_eq_reg_l with (IZR d); lra.
  - destruct (product m z =? e * d)%Z; [|discriminate]. apply (IH _ _ _ H FR).
Qed.

Lemma other_columns_none : forall rows zs, other_columns rows zs = None -> forall r, In r rows ->
  other_column 0 (fst r) (snd r) zs = None.
Proof.
  induction rows as [|[m e] rows IH]; intros zs H r IR; [destruct IR|]. cbn [other_columns] in H.
  destruct (other_column 0 m e zs) eqn:O; [discriminate|]. destruct IR as [<-|IR]; [exact O|apply (IH zs H r IR)].
Qed.

(** Sums over columns, with weights. *)
Fixpoint columns_sum (m : list Z) (columns : list (list Q)) (h : point) : R :=
  match columns with [] => 0 | c :: rest => weighted_sum m c * h O + columns_sum m rest (fun j => h (S j)) end.

Lemma columns_sum_row : forall r columns a m h, length r = length columns ->
  columns_sum (a :: m) (map (fun p => fst p :: snd p) (combine r columns)) h = IZR a * dot r h + columns_sum m columns h.
Proof.
  induction r as [|q r IH]; intros [|c columns] a m h L; try discriminate L;
    cbn [combine map columns_sum dot weighted_sum fst snd]; [ring|].
  rewrite IH by auto. ring.
Qed.

Lemma columns_sum_none : forall k h m, columns_sum m (repeat [] k) h = 0.
Proof. induction k as [|k IH]; intros h m; cbn [repeat columns_sum]; [reflexivity|]. rewrite IH.
destruct m; cbn [weighted_sum]; ring. Qed.

Lemma transposed_length : forall A k (rows : list (list A)), forallb (has_length k) rows = true -> length (transposed k rows) = k.
Proof.
  induction rows as [|r rows IH]; intro H; cbn [transposed]; [apply repeat_length|]. cbn [forallb] in H.
  apply andb_prop in H as [HL H].
  apply has_length_spec in HL. rewrite map_length, combine_length, IH, HL by exact H. apply Nat.min_id.
Qed.

Lemma transposed_sum : forall k rows, forallb (has_length k) rows = true -> forall m h, length m = length rows ->
  columns_sum m (transposed k rows) h = idot m (fun a => dot (nth a rows []) h).
Proof.
  intros k. induction rows as [|r rows IH]; intros H [|a m] h L; try discriminate L; cbn [transposed idot nth].
  - apply columns_sum_none.
  - cbn [forallb] in H. apply andb_prop in H as [A H]. apply has_length_spec in A.
    rewrite columns_sum_row by (rewrite transposed_length; assumption). rewrite IH by auto. reflexivity.
Qed.

Lemma row_of_columns : forall m e columns h, Forall2 (fun e c => IZR e = weighted_sum m c) e columns ->
  idot e h = columns_sum m columns h.
Proof.
  intros m e columns h F. revert h. induction F as [|z c e columns E _ IH]; intro h; cbn [idot columns_sum]; [reflexivity|].
  rewrite IH, E. reflexivity.
Qed.

(** ** Hidden units *)

Lemma relu_of_slopes : forall each slopes i z, forallb (fun q => Qnum q =? 0)%Z slopes = true ->
  leaky (chosen_number each slopes i) z = relu z.
Proof.
  intros each slopes i z F. assert (E : chosen_number each slopes i = 0).
  { unfold chosen_number. generalize (Z.to_nat ((i / each) mod Z.of_nat (length slopes))) as j. intro j.
    destruct (Nat.lt_ge_cases j (length slopes)) as [L|L].
    - rewrite forallb_forall in F. specialize (F _ (nth_In slopes 0%Q L)). assert (Z0 := is_zero_value (nth j slopes 0%Q)).
      rewrite F in Z0. exact Z0.
    - rewrite nth_overflow by exact L. apply zero_value. }
  rewrite E. unfold leaky, relu, Rmax. destruct (Rle_dec 0 z), (Rle_dec z 0); lra.
Qed.

Theorem residual_right : forall P I V W L, residual_fault P L = None -> run_of P I V -> run_of P I W ->
  V (residual_output L) = W (residual_output L) -> V (residual_source L) = W (residual_source L).
Proof.
  intros P I V W L H RV RW E. unfold residual_fault in H. set (f := the_block L) in *.
  set (n := Z.of_nat (length (back f))) in *. set (k := Z.of_nat (length (hidden f))) in *.
  destruct (is_atom P (residual_source L)); cbn [negb] in H; [|discriminate].
  destruct (entry (the_steps P) (residual_hidden L)) as [[[op [|z others]]|]|] eqn:S; try discriminate H.
  destruct (is_relu op) eqn:RL; [|discriminate].
  destruct (entry (the_sizes P) (residual_source L)) as [n'|] eqn:SN; [|discriminate].
  destruct (entry (the_sizes P) (residual_hidden L)) as [k'|] eqn:SK; [|discriminate].
  destruct (entry (the_sizes P) (residual_output L)) as [m'|] eqn:SO; [|discriminate].
  destruct (_ && _)%bool eqn:C in H; [|discriminate]. apply andb_prop in C as [C HR]. apply andb_prop in C as [C BK].
  apply andb_prop in C as [C C3].
  apply andb_prop in C as [C1 C2]. apply Z.eqb_eq in C1, C2, C3. subst n' k' m'.
  set (forms := forms_of (the_sizes P) (the_graph P)) in *.
  destruct (hidden_fault forms z (residual_source L) n 0 (hidden f)) eqn:HF; [discriminate|].
  destruct (output_rows _ _ _ _ _ _ _) as [rows|] eqn:OR in H; [|discriminate].
  destruct (matrices_fault P L rows) eqn:MF; [discriminate|]. unfold matrices_fault in MF. fold f n in MF.
  destruct (most_entries <? _)%Z; [discriminate|]. destruct (column_without_pivot _ _ _) eqn:CP in MF; [discriminate|].
  destruct (integer_columns _) as [columns|] eqn:IC in MF; [|discriminate].
  destruct (other_columns rows columns) eqn:OC; [discriminate|].
  set (K := residual_domain L) in *.
  assert (INJ : block_injective (length (back f)) K f).
  { unfold block_fault in H. destruct (not_by_points (force (residual_evidence L))) eqn:NP; [|discriminate].
    destruct (check_residual_block _ _ _ _) as [[]|] eqn:CB in H; [|discriminate]. apply checker_of_residual_blocks_is_right in CB.
    destruct (force (residual_evidence L)); [discriminate NP|exact CB|exact CB]. }
  (* The block at both points. *)
  assert (HV : forall U, run_of P I U -> forall i r, nth_error (hidden f) i = Some r ->
    entry_at (U (residual_hidden L)) (Z.of_nat i) = relu (affine r (entries_point (U (residual_source L))))).
  { intros U RU i r N. rewrite (hidden_right U forms z (residual_source L) n (run_has_forms _ _ _ RU) _ _ HF i r N), Z.add_0_l.
    destruct (run_has_steps _ _ _ RU _ _ S) as (EU & _ & _). cbn [operation_of reads] in EU.
    assert (LH := run_has_sizes _ _ _ RU _ _ SK). rewrite EU in LH |- *. destruct op; try discriminate RL.
    assert (LZ := entry_step_length I U (step_number P (residual_hidden L)) (LeakyStep each slopes) z others eq_refl).
    rewrite LZ in LH. assert (IL : (i < length (hidden f))%nat) by (apply nth_error_Some; congruence).
    rewrite (entry_step I U _ (LeakyStep each slopes) z others (Z.of_nat i) eq_refl) by lia. cbn [entry_function].
    apply relu_of_slopes, RL. }
  assert (HD : forall U, run_of P I U -> forall w, length w = length (hidden f) ->
    dot w (entries_point (U (residual_hidden L))) = dot w (point_of (output (hidden f) (entries_point (U (residual_source L)))))).
  { intros U RU w LW. apply Windows.dot_ext. intros j J. unfold entries_point at 1, point_of, output. rewrite LW in J.
    destruct (nth_error (hidden f) j) as [r|] eqn:N; [|apply nth_error_None in N; lia]. rewrite (HV U RU j r N).
    symmetry. apply nth_error_nth. rewrite nth_error_map, N. reflexivity. }
  assert (BV : forall U, run_of P I U -> forall r, In r rows ->
    idot (fst r) (entries_point (U (residual_source L))) + idot (snd r) (entries_point (U (residual_hidden L)))
    = idot (fst r) (block_value f (entries_point (U (residual_source L))))).
  { intros U RU r IR.
    assert (LR : length (fst r) = length (back f)).
    { assert (F := output_rows_right V forms _ _ _ _ _ (run_has_forms _ _ _ RV) _ _ OR).
      destruct (Forall2_in_right _ _ _ _ _ F r IR) as (i & _ & L1 & _).
      rewrite L1. unfold n. apply Nat2Z.id. }
    assert (MC := other_column_none _ _ _ _ _ (other_columns_none _ _ OC r IR) (integer_columns_multiples _ _ IC)).
    rewrite (row_of_columns _ _ _ (entries_point (U (residual_hidden L))) MC), transposed_sum by assumption.
    rewrite <- idot_plus. apply idot_ext. intros j J. unfold plus, block_value. f_equal. apply HD; [exact RU|].
    rewrite LR in J. rewrite forallb_forall in BK. apply has_length_spec, BK, nth_In, J. }
  assert (SB : same (length (back f)) (block_value f (entries_point (V (residual_source L)))) (block_value f (entries_point (W
    (residual_source L))))).
  { set (bx := block_value f (entries_point (V (residual_source L)))) in *.
    set (by' := block_value f (entries_point (W (residual_source L)))) in *.
    assert (ZS : same (length (back f)) (fun j => bx j - by' j) zero_point).
    { assert (FV := output_rows_right V forms _ _ _ _ _ (run_has_forms _ _ _ RV) _ _ OR).
      assert (FW := output_rows_right W forms _ _ _ _ _ (run_has_forms _ _ _ RW) _ _ OR).
      apply (rank_sound _ _ _ CP).
      - intros m M. apply in_map_iff in M as (r & <- & IR). destruct (Forall2_in_right _ _ _ _ _ FV r IR) as (i & _ & L1 & _).
        rewrite L1. unfold n. apply Nat2Z.id.
      - intros m M. apply in_map_iff in M as (r & <- & IR).
        assert (BX := BV V RV r IR). assert (BY := BV W RW r IR). fold bx in BX. fold by' in BY.
        assert (EE : exists i g, form_of forms (residual_output L) i = Some g /\
          idot (fst r) (entries_point (V (residual_source L))) + idot (snd r) (entries_point (V (residual_hidden L))) + IZR
            (form_constant g) = IZR (form_denominator g) * entry_at (V (residual_output L)) i /\
          idot (fst r) (entries_point (W (residual_source L))) + idot (snd r) (entries_point (W (residual_hidden L))) + IZR
            (form_constant g) = IZR (form_denominator g) * entry_at (W (residual_output L)) i).
        { clear - FV FW IR. revert FW. induction FV as [|i0 r0 es rs A _ IH]; intro FW; [destruct IR|].
          inversion FW as [|? ? ? ? B FW']; subst.
          destruct IR as [->|IR]; [|apply (IH IR FW')]. destruct A as (_ & _ & g & G1 & _ & G2), B as (_ & _ & g' & G1' & _ & G2').
          assert (g' = g) by congruence. subst g'. exists i0, g. split; [exact G1|]. split; [exact G2|exact G2']. }
        destruct EE as (i & g & _ & E1 & E2). rewrite E in E1. rewrite BX in E1. rewrite BY in E2.
        rewrite Domains.idot_minus. lra. }
    intros j J. specialize (ZS j J). cbn beta in ZS. unfold zero_point in ZS. lra. }
  assert (IN : forall U, run_of P I U -> inside (length (back f)) K (entries_point (U (residual_source L)))).
  { intros U RU. assert (D := domain_right P (residual_source L) (numbers n) K MF U (run_has_ends _ _ _ RU)).
    assert (LN : length (numbers n) = length (back f)) by (rewrite numbers_below, below_length; unfold n; apply Nat2Z.id).
    rewrite LN in D.
    assert (SP : forall j,
      (j < length (back f))%nat -> column_point U (residual_source L) (numbers n) j = entries_point (U (residual_source L)) j).
    { intros j J. unfold column_point, entries_point. f_equal. rewrite numbers_below. unfold below.
      rewrite (nth_indep _ 0%Z (Z.of_nat 0)) by (rewrite map_length, seq_length; unfold n; lia).
      rewrite map_nth, seq_nth by (unfold n; lia). lia. }
    unfold domain_fault in MF. destruct K; try discriminate MF; cbn [inside] in *.
    - exact Logic.I.
    - intros j J. rewrite <- SP by exact J. apply (D j J).
    - intros j J. rewrite <- SP by exact J. apply (D j J). }
  assert (SX := INJ _ _ (IN V RV) (IN W RW) SB).
  destruct (same_sizes P I V W RV RW _ _ SN) as [LV LW]. apply (nth_ext _ _ 0 0); [lia|]. intros j J.
  specialize (SX j ltac:(lia)). unfold entries_point, entry_at in SX. rewrite !Nat2Z.id in SX. exact SX.
Qed.
